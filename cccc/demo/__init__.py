"""Simulated providers in every wire format, for ``cccc demo`` and for the tests."""
