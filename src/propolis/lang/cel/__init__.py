"""The Common Expression Language, compiled to Python functions.

Knows nothing of Kubernetes objects or policies: variables, types and look-ups come from the caller. Reads no
clock and does no I/O, but for the time zones of the system. Open `program.py` for the door, `parser.py` for
the grammar, `checker.py` for types, `interpreter/` for the exact evaluation, `emitter/` for how a tree is
written in Python, `library.py` for how functions are declared, `libraries/` for those there are.
"""
