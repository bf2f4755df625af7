"""Reads an image: its layers, several at once, laid upon each other."""

import os
from concurrent.futures import ThreadPoolExecutor

from propolis.core.errors import Place
from propolis.core.limits import DEFAULT, Limits
from propolis.images.engine.analyzer import AnalyzerSet
from propolis.images.engine.merge import ImageContent, merge_layers
from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import LayerContent
from propolis.images.sources.image_archive import OpenImage
from propolis.images.sources.layer_cache import LayerCache
from propolis.images.sources.layer_reader import read_layer

MOST_THREADS = 4
"""Inflating and hashing run outside of Python's lock, so threads help up to the number of cores."""


def read_image(
    opened: OpenImage, analyzers: AnalyzerSet, cache: LayerCache | None = None, limits: Limits = DEFAULT
) -> ImageContent:
    """What is in an image.

    Raises:
        DocumentError: A layer is damaged or is not the one that the image names.
        SourceError: A layer cannot be read.
    """

    def read(layer: ImageLayer, name: str) -> LayerContent:
        known = cache.get(layer.diff_id) if cache else None
        if known is not None:
            return known
        place = Place(f"{opened.blobs.place}/{name}")
        content = read_layer(layer, lambda: opened.blobs.open(name), analyzers, place, limits)
        if cache:
            cache.put(content)
        return content

    layers = opened.image.layers
    threads = min(MOST_THREADS, os.cpu_count() or 1, max(1, len(layers)))
    with ThreadPoolExecutor(threads) as pool:
        contents = list(pool.map(read, layers, opened.layer_names))
    return merge_layers(list(zip(layers, contents, strict=True)))
