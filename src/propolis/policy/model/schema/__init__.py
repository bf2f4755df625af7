"""CustomResourceDefinitions of every kind that is ours, made from the structs that parse its documents.

`derive.py` turns a type into a structural schema, `facts.py` adds what a type does not tell (defaults,
limits, how lists merge), `kinds.py` lists the kinds with their names and versions, `definitions.py` puts them
together, `status.py` and `report.py` have what is written back and reported.
Pure; nothing is read or written.
"""
