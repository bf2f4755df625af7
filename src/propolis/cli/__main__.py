"""Start of the program; answers ``--version`` before anything is loaded."""

import sys


def main() -> None:
    """Runs the command line and exits with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from propolis import __version__

        sys.stdout.write(f"propolis {__version__}\n")
        sys.exit(0)
    from propolis.cli.root import run

    sys.exit(run())


if __name__ == "__main__":
    main()
