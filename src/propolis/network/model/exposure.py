"""How far from the workload its callers may stand."""

import enum

import msgspec


class ExposureLevel(enum.StrEnum):
    """From where a workload can be called, the widest first."""

    INTERNET = "internet"
    NODE = "node"
    CLUSTER = "cluster"
    NONE = "none"

    @property
    def rank(self) -> int:
        """3 for internet down to 0 for none."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(reversed(ExposureLevel))}


class Exposure(msgspec.Struct, frozen=True):
    """The widest level of a workload, and everything that exposes it.

    Attributes:
        by: What exposes it, the widest first: ``Ingress/shop (shop.example) > Service/cart``,
            ``Service/cart (LoadBalancer)``, ``hostPort 8080/TCP``.
    """

    level: ExposureLevel = ExposureLevel.NONE
    by: tuple[str, ...] = ()


UNEXPOSED = Exposure()
"""Nothing leads to the workload but its pods' own addresses."""
