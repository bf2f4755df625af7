"""Matching of packages and advisories. No I/O: what the database holds comes in as values."""
