"""The exact evaluation: a tree of closures.

It decides whenever the generated code cannot, and tells every step where somebody wants to see them. Open
`builder.py`.
"""
