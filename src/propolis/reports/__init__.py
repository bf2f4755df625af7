"""Renders findings: one module a format in `render/`, the pages of the console in `console/`.

Decides nothing; what is shown was decided by engines and insight. Open `render/tables.py` first.
"""
