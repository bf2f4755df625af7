"""Benchmarks: each module has ``run() -> list[str]``, lines with a ratio to a reference of the same run."""
