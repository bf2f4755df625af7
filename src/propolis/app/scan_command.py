"""``scan image`` from its options: some references, read and matched, nothing stored."""

from collections.abc import Sequence

import msgspec

from propolis.app.image_scan import ScannedImage, open_advisories, scan_paths
from propolis.app.progress import Progress
from propolis.app.settings import read_settings
from propolis.core import clock
from propolis.core.assessment import Problem
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.matcher import Matcher


class Scanned(msgspec.Struct, frozen=True):
    """Images, what could not be read, and the advisories they were matched against."""

    images: list[ScannedImage]
    problems: list[Problem]
    advisories: AdvisoryDatabase


def scan_references(references: Sequence[str], progress: Progress) -> Scanned:
    """The images of some references.

    Raises:
        DocumentError: A reference names no image.
        SourceError: The advisories cannot be prepared.
    """
    settings, now = read_settings(), clock.now()
    advisories = open_advisories(settings, now, progress)
    images, problems = scan_paths(references, "", settings, Matcher(advisories), now.date(), progress)
    return Scanned(images, problems, advisories)
