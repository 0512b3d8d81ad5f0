"""Simulated providers in every wire format, with selectable faults: for ``cccc demo`` and for the tests."""
