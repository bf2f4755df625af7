"""Policies written in CEL, compiled to the same rules as others are: matching, conditions, variables, checks.

Open `compiler.py` for how a policy becomes rules, `activation.py` for what expressions see.
"""
