"""The wire formats, one module each; none knows another."""
