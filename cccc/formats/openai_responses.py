"""See the brief."""
