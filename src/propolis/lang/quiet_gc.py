"""No garbage collection while much is built that stays.

Loading allocates many containers that all survive; every collection in between walks them for
nothing. Pausing it makes bulk loads several times faster; freezing afterwards keeps later
collections from walking what was loaded.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_gc(*, freeze: bool = False) -> Iterator[None]:
    """Pauses the collector and restores it as it was, also after an error; may be nested.

    Args:
        freeze: Also exempt from later collections whatever exists at the end. For what a process
            keeps until it ends; a caller that drops the values later should leave it off.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if freeze:
            gc.freeze()
        if was_enabled:
            gc.enable()
