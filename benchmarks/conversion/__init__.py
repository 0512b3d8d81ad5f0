"""Conversion: what it costs to speak another wire format than the client.

``python -m benchmarks.conversion`` needs nothing but this package. See the README beside this file.
"""
