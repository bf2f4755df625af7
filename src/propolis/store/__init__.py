"""What was found, kept: runs, rules, resources, findings, scores and what to fix first.

SQLAlchemy Core over SQLite; no ORM, no SQL outside of this room. Findings are written once and
touched again only when they change: every change carries a revision, what is gone stays as a
tombstone, so that a watch can resume. Open `schema.py` first, then `writer.py` and `queries.py`.
"""
