"""The advisory database: one SQLite file that is built beside the old one and swapped in whole.

A file is never changed once it is in place, so readers need no locks and see either the old or the new one.
Open `schema.py` for the tables, `importing.py` for how they are filled, `reader.py` for look-ups.
"""
