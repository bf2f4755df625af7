"""Runs every benchmark, or those whose name holds a word: ``make bench ARGS=loading``."""

import importlib
import pkgutil
import sys

from tests import bench


def main() -> None:
    """Prints the lines of each benchmark as it ends."""
    words = sys.argv[1:]
    names = sorted(
        module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")
    )
    for name in names:
        if not words or any(word in name for word in words):
            print(f"== {name}", flush=True)
            for line in importlib.import_module(f"tests.bench.{name}").run():
                print(f"   {line}", flush=True)


if __name__ == "__main__":
    main()
