"""Keeps the advisory database up to date from a server with the layout of OSV's data export.

``ecosystems.txt`` lists the ecosystems; under each stand ``all.zip`` with every record, ``modified_id.csv``
with the time and id of every record, the newest first, and ``<id>.json``. Open `update.py` first.
"""
