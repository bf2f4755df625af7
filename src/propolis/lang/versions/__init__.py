"""Version orders: one module an ecosystem, ranges of advisories, constraint expressions.

Knows core only and does no I/O. Open `registry.py` first: `order_of` gives the order of an ecosystem.
Every module turns a version into a tuple that Python itself compares, so sorting and range checks run in C.
"""
