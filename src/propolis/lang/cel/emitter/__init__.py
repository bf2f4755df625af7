"""A checked tree as one Python function: the fast path.

What it gives is exact, or it raises, whatever it raises: then the exact evaluation of `interpreter` decides.
So the code needs guards only where plain Python would give another value than CEL, never where Python raises.
The source has no text of the expression in it: strings and numbers are names of a table. Open `function.py`,
then `nodes.py`.
"""
