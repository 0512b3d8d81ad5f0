"""Our own HTTP server: what listens, checks at the edge, and finds the handler."""
