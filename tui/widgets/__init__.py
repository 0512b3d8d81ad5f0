"""The parts that screens are made of; each draws text that came from outside only after ``format.safe``."""
