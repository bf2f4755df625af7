"""The look-ups of one evaluation, and which of them it used."""

from propolis.core.evaluation import Answer, LookupKey, Lookups, MissingLookups


class Asked:
    """Look-ups with a record of what was used."""

    __slots__ = ("_lookups", "used")

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self.used: set[LookupKey] = set()

    def ask(self, key: LookupKey) -> Answer:
        """The answer to a question.

        Raises:
            MissingLookups: There is none yet.
        """
        if key not in self._lookups:
            raise MissingLookups((key,))
        self.used.add(key)
        return self._lookups[key]
