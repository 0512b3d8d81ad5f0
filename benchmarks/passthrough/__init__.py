"""Pass-through: what the proxy adds to a request whose format needs no conversion.

``python -m benchmarks.passthrough`` needs nginx and wrk on the path (Debian: ``apt-get install nginx-light wrk``).
"""
