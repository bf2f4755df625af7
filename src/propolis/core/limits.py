"""Limits of everything that reads what strangers wrote; each has a test that meets it."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader takes before it gives up with a `LimitError`."""

    file_bytes: int = 64 * MEBIBYTE
    """Largest manifest file; every document in it counts."""
    document_depth: int = 200
    """Deepest nesting of maps and lists in one document."""
    document_nodes: int = 1_000_000
    """Most values in one document after aliases are expanded."""
    files: int = 200_000
    """Most files taken from the folders of one run."""
    text_bytes: int = MEBIBYTE
    """Longest text that an expression may build."""
    layer_bytes: int = 32 * 1024 * MEBIBYTE
    """Largest layer of an image, uncompressed."""
    layer_entries: int = 2_000_000
    """Most entries in one layer."""
    layer_ratio: int = 400
    """Most bytes that a compressed byte of a layer may unpack to, once `layer_ratio_floor` is passed."""
    layer_ratio_floor: int = 256 * MEBIBYTE
    """Unpacked bytes below which the ratio is not looked at."""
    image_layers: int = 1_000
    """Most layers of an image."""
    image_json_bytes: int = 8 * MEBIBYTE
    """Largest manifest, index or configuration of an image."""


DEFAULT = Limits()
