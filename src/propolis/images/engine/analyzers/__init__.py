"""One module a format; `registry.py` lists them all."""
