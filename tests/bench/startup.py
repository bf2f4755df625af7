"""Start of the program against the start of the interpreter that runs it."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15
BIN = Path(sys.executable).parent


def seconds(command: list[str]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def run() -> list[str]:
    """``--version`` and ``--help`` as multiples of ``python -c pass``, paired and in turn."""
    bare = [sys.executable, "-c", "pass"]
    program = str(BIN / "propolis")
    lines = []
    for arguments in (["--version"], ["--help"], ["assess", "--help"]):
        pairs = [(seconds([program, *arguments]), seconds(bare)) for _ in range(ROUNDS)]
        ratio = statistics.median(one / other for one, other in pairs)
        lines.append(f"propolis {' '.join(arguments)}: {ratio:.1f}x python -c pass")
    return lines
