"""Words that every room shares: findings, resources, look-ups, errors, limits, the clock.

Core knows nothing above it and does no I/O but for reading the clock. Open `finding.py` first.
"""
