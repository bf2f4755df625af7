"""The web face of a store: pages for people, an API and metrics for machines. Reads, never writes.

Open `application.py` first: its table of routes names the module of every address.
"""
