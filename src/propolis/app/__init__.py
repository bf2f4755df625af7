"""Settings and wiring: connects sources, engines, insight, store and reports; one module a process.

Decides nothing about security. Open `assess.py` first: the main job from top to bottom.
"""
