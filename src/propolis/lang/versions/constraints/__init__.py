"""Constraint expressions of advisories: ``>=1.0, <2.0 || ^3.1``, ``[1.0,2.0)``, ``~> 2.1``, ``==1.*``.

Each ecosystem writes them in its own style; open `styles.py` first. An expression is compiled once into
tests of keys; `Constraint.matches` is then a few comparisons. Pre-releases are versions like any other here:
what an advisory says of ``< 2.0.0`` it says of ``2.0.0-rc.1`` too, though npm would not install it.
"""
