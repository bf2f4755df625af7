"""``assess`` and ``up`` from their options: which inputs, which store, which engines."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from propolis.app.assess import RunResult, assess
from propolis.app.engines import Engines
from propolis.app.image_scan import ImageScan, open_advisories, scan_paths, uses_of
from propolis.app.observation import Observed, observe
from propolis.app.progress import Progress, silent
from propolis.app.settings import read_settings
from propolis.app.stored import open_store
from propolis.core import clock
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError
from propolis.images.sources.matcher import Matcher
from propolis.lang.quiet_gc import quiet_gc
from propolis.policy.sources import pack
from propolis.store.database import Database


class Inputs(msgspec.Struct, frozen=True):
    """What to judge and by what.

    Attributes:
        manifests: Folders, files, ``-`` for standard input.
        context: A kubeconfig's context; empty for its current one; None for no live cluster.
        policies: Files and folders of policies beside the built-in ones; ``pack:NAME`` is one of the pack.
        images: Folders, archives and layouts with the images that workloads run.
        builtin: Choices of the pack that take part.
        name: Under which runs are kept; empty for ``local`` or the context's name.
    """

    manifests: Sequence[str] = ()
    context: str | None = None
    policies: Sequence[str] = ()
    images: Sequence[str] = ()
    builtin: Sequence[str] = (pack.DEFAULT,)
    name: str = ""


class MainJob(msgspec.Struct, frozen=True):
    """A run, the store that keeps it, and the images that were scanned for it."""

    database: Database
    result: RunResult
    scan: ImageScan | None


def run_main_job(inputs: Inputs, store: Path | None, stdin: BinaryIO, progress: Progress = silent) -> MainJob:
    """Observes, evaluates and stores.

    Raises:
        DocumentError: Nothing to judge was named, or a named path is not there.
        SourceError: The cluster cannot be reached, or the store cannot be written.
    """
    if not inputs.manifests and inputs.context is None:
        raise DocumentError("nothing to judge", expected="--manifests PATH or --cluster [CONTEXT]")
    with quiet_gc():
        engines = Engines.load(inputs.policies, builtin=inputs.builtin)
        observed = observe(inputs.manifests, inputs.context, inputs.name, stdin, progress)
        scan = _scan(inputs.images, observed, progress)
        database = open_store(store)
        problems = (*engines.problems, *observed.problems, *(scan.problems if scan else ()))
        told = (*observed.inputs, *inputs.images)
        result = assess(
            database, observed.cluster, told, observed.inventory, problems, engines, progress, scan
        )
    return MainJob(database, result, scan)


def _scan(paths: Sequence[str], observed: Observed, progress: Progress) -> ImageScan | None:
    """The images of a run; None where none were named."""
    if not paths:
        return None
    settings, now = read_settings(), clock.now()
    matcher = Matcher(open_advisories(settings, now, progress))
    images, problems = scan_paths(paths, observed.cluster, settings, matcher, now.date(), progress)
    uses = tuple(uses_of(observed.inventory, images))
    run = {use.image.key for use in uses if use.image is not None}
    problems += [
        Problem("skipped", f"{one.place}: no workload runs {one.name}")
        for one in images
        if one.ref.key not in run
    ]
    return ImageScan(tuple(one for one in images if one.ref.key in run), uses, tuple(problems))
