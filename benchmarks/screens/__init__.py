"""The screens: what they cost themselves, and what they cost the proxy whose process they share.

``python -m benchmarks.screens`` needs nothing but this package. See the README beside this file.
"""
