"""The database: request log, statistics, learned facts. One writer thread; reading is free."""
