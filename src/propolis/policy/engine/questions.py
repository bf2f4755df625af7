"""Questions collected over the elements of a list, so that all are asked at once."""

from propolis.core.evaluation import LookupKey, MissingLookups


class Questions:
    """Look-ups that are missing. Each ``with`` is one step: what it stops for is kept for `ask`."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: set[LookupKey] = set()

    def __enter__(self) -> None:
        """Begins a step."""

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        """Ends a step; a question is kept, any other error goes on."""
        if isinstance(error, MissingLookups):
            self._keys |= error.keys
            return True
        return False

    def ask(self) -> None:
        """Stops for all that is missing.

        Raises:
            MissingLookups: Anything is.
        """
        if self._keys:
            raise MissingLookups(self._keys)
