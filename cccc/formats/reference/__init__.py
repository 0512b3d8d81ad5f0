"""What every pair of wire formats keeps, maps and loses, found out by converting: ``docs/formats.md``."""
