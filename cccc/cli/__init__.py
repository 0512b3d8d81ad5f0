"""The ``cccc`` command, one module per noun."""
