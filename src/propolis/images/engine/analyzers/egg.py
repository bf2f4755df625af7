"""Python packages that were installed as one zip file, an egg: ``EGG-INFO/PKG-INFO`` within."""

import io

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.python_packages import package_of
from propolis.images.engine.analyzers.zip_archive import DAMAGED, MOST_SMALL_BYTES, Budget, open_archive
from propolis.images.model.layer import Analysis

INFO = "EGG-INFO/PKG-INFO"


def analyze(path: str, content: Content) -> Analysis:
    """The package of an egg; nothing for one that does not describe itself. Raises `DocumentError`."""
    try:
        with open_archive(io.BytesIO(bytes(content))) as archive:
            entry = archive.NameToInfo.get(INFO)
            text = Budget(MOST_SMALL_BYTES).take(archive, entry, MOST_SMALL_BYTES) if entry else None
            package = package_of(text.decode("utf-8", "replace")) if text else None
    except DAMAGED as error:
        raise DocumentError(f"no egg: {error}", Place(path), "a zip file") from None
    return Analysis(packages=(package,) if package else ())


EGG = Analyzer("python-eggs", 1, analyze, suffixes=(".egg",), max_bytes=32 * MEBIBYTE)
