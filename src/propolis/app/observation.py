"""What is to be judged, observed: manifests or a live cluster, as one inventory."""

import msgspec

from propolis.core.assessment import Problem
from propolis.core.inventory import Inventory


class Observed(msgspec.Struct, frozen=True):
    """One cluster as it was seen.

    Attributes:
        cluster: The name under which its runs are kept.
        inputs: Where it was seen, for people.
    """

    cluster: str
    inputs: tuple[str, ...]
    inventory: Inventory
    problems: tuple[Problem, ...]
