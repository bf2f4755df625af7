"""Macros: calls that the parser replaces by other expressions.

One module a library; `definition.py` has what they are made of.
"""
