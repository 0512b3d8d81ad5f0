"""The neutral middle between the wire formats. Pure: no I/O, no clock."""
