"""Action: what should be done. Engines decide, app carries it out.

The first room that decides actions brings the classes it needs; all derive from `Action`.
"""

import msgspec

from propolis.core.resource import ResourceRef


class Action(msgspec.Struct, frozen=True, tag=True):
    """Something to do to one resource, with the reason for people and events."""

    resource: ResourceRef
    reason: str
