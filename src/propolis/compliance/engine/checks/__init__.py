"""The built-in checks, a module a theme; ``catalog.py`` lists them all."""
