"""The command line: one module a subcommand, each parses arguments, calls app and prints.

Heavy imports happen inside of the commands, so that ``propolis --version`` and ``--help`` stay
quick. Open `root.py` first.
"""
