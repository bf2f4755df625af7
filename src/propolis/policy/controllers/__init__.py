"""Keeps every existing resource of a live cluster judged, as everything around it changes.

Open `scan.py` first: it is told what changed and judges again what depends on it, one resource at a time,
without waiting for anything. `background.py` runs it: it follows kinds, asks look-ups, and gives others their
turn. Whoever wants to know is a `FindingSink`. This room may not import app, reports or store.
"""
