"""The policy room: Kyverno policies and Pod Security, evaluated on resources.

`model` says what a policy is and parses it; `engine` compiles policies to functions and evaluates
them without any I/O; `sources` reads policies and tests from files; `pack` holds the project's own
policies. Open `engine/evaluate.py` first. This room must not import another domain room: what it
needs of the world is a look-up (`lookups.py`).
"""
