"""What is inside images, which of it is vulnerable, and what fixes it.

Model parses advisories and names packages, the engine matches them without I/O, sources read files, the
advisory database and servers. Open `engine/match.py` first.
"""
