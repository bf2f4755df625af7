"""``policy apply`` as a process against the real Kyverno CLI as a process, on the same files.

The CLI is looked for as ``kubectl-kyverno`` where PROPOLIS_KYVERNO names it, in ``.cache/peers`` and in the
folder PEERS_BIN. Both print their default output to a pipe; bytecode of imported modules is cached by a run
before, as in every installation.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from propolis.core.resource import Document
from tests.bench._policies import (
    MANY_RESOURCES,
    SOME_RESOURCES,
    four_policies,
    resources,
    sixty_five_policies,
    write,
)

ROUNDS = 5
ROOT = Path(__file__).parents[2]
NAME = "kubectl-kyverno"
WANTED = 0.5
OUTSIDE = dict(os.environ)  # noqa: TID251  # a bench has no settings module
ENVIRONMENT = {name: value for name, value in OUTSIDE.items() if name != "PYTHONDONTWRITEBYTECODE"}
COUNTS = re.compile(r"pass: ([\d,]+), fail: ([\d,]+), warn: ([\d,]+), error: ([\d,]+), skip: ([\d,]+)")


def kyverno() -> Path | None:
    """The CLI, where it was built."""
    named = OUTSIDE.get("PROPOLIS_KYVERNO")
    folders = [ROOT / ".cache" / "peers", *(Path(one) for one in [OUTSIDE.get("PEERS_BIN")] if one)]
    candidates = [*([Path(named)] if named else []), *(folder / NAME for folder in folders)]
    return next((one for one in candidates if one.is_file()), None)


def once(command: list[str]) -> tuple[float, str]:
    """Wall time of one run and the counts that it printed."""
    begin = time.perf_counter()
    found = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT)
    taken = time.perf_counter() - begin
    counts = COUNTS.findall(found.stdout)
    return taken, ", ".join(counts[-1]).replace(",", "") if counts else found.stderr[-200:]


def compared(what: str, own: list[str], other: list[str] | None) -> str:
    """Runs in turn; the fastest of each counts."""
    best, counts = float("inf"), ""
    reference, theirs = float("inf"), ""
    once(own)
    for _ in range(ROUNDS):
        taken, counts = once(own)
        best = min(best, taken)
        if other:
            taken, theirs = once(other)
            reference = min(reference, taken)
    if other is None:
        return f"{what}: {best:.2f} s; {NAME} is not built, so there is nothing to compare it with"
    same = "the same counts" if counts == theirs else f"OTHER COUNTS: {counts} and {theirs}"
    times = f"{best:.2f} s of {reference:.2f} s"
    return f"{what}: {best / reference:.2f}x the time of the Kyverno CLI ({times}), {same}"


def lines(folder: Path, policies: list[Document], count: int) -> list[str]:
    program = [sys.executable, "-m", "propolis.cli", "policy", "apply"]
    peer = kyverno()
    policy_file = str(write(policies, folder / f"policies-{count}.yaml"))
    resource_file = str(write(resources(count), folder / f"resources-{count}.yaml"))
    own = [*program, policy_file, "--resource", resource_file]
    other = [str(peer), "apply", policy_file, "--resource", resource_file] if peer else None
    what = f"policy apply, {count:,} resources x {len(policies)} rules"
    reports = [*other, "--policy-report"] if other else None
    return [
        compared(what, own, other),
        compared(f"{what}, as policy reports", [*own, "--policy-report"], reports),
    ]


def run() -> list[str]:
    """Lines for many resources and for many rules."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            *lines(folder, four_policies(), MANY_RESOURCES),
            *lines(folder, sixty_five_policies(), SOME_RESOURCES),
        ]
