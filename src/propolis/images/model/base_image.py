"""Which layers an image inherited: a guess from the history of its build.

An image that others build on ends with a step that says what to run. Looking upwards from the end,
past the image's own last steps, the next such step closes the base image.
"""

from collections.abc import Sequence

from propolis.images.model.image import History

_ENDS = ("CMD", "ENTRYPOINT")
_PREFIX = "/bin/sh -c #(nop)"


def base_layer_count(history: Sequence[History]) -> int:
    """How many of the lowest layers belong to the base image; 0 where nothing tells."""
    end = _base_end(history)
    return sum(1 for step in history[: end + 1] if not step.is_empty)


def _base_end(history: Sequence[History]) -> int:
    """Index of the last step of the base image, or -1."""
    found_own_layer = False
    for index in range(len(history) - 1, -1, -1):
        step = history[index]
        if not step.is_empty:
            found_own_layer = True
        elif found_own_layer and _ends_an_image(step.created_by):
            return index
    return -1


def _ends_an_image(created_by: str) -> bool:
    return created_by.removeprefix(_PREFIX).lstrip().startswith(_ENDS)
