"""What the program is about: endpoints, choosing, health, verdicts. No I/O, no clock, no third party."""
