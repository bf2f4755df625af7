"""Tells the world what holds now, beside the store: one module a place.

Sinks are given all findings of a resource whenever they change, and write behind. Open `policy_reports.py`
first.
"""
