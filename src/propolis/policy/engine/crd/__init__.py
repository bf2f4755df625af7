"""What CustomResourceDefinitions ask of their objects: types, limits, and rules in CEL at every level.

Pure functions of a definition and an object, as an API server validates it. Open `validation.py` for the
door, `rules.py` for how a schema becomes compiled rules, `shape.py` for what comes before them.
"""
