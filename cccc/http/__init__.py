"""HTTP/1.1 over anyio streams, once, for both roles."""
