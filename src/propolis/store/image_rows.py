"""Images as stored: what is in them, who runs them."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from propolis.core.finding import OPEN_OUTCOMES
from propolis.store.finding_queries import live
from propolis.store.rows import ResourceRow, resource_row
from propolis.store.schema import findings, image_uses, images, resources

OPEN = tuple(sorted(OPEN_OUTCOMES))


class ImageUser(msgspec.Struct, frozen=True):
    """A container that runs an image."""

    resource: ResourceRow
    container: str
    reference: str


class ImageRow(msgspec.Struct, frozen=True):
    """An image of the latest run.

    Attributes:
        digest: Of its manifest, or of its configuration where the archive has no manifest.
        names: References by which it is known.
        distribution: In words; empty where it has none.
        content: ``layers``, ``packages``, ``coverage`` and ``problems``, as `app.image_records` makes them.
        open_findings: By severity.
    """

    resource: ResourceRow
    digest: str
    names: list[str]
    distribution: str
    content: dict[str, Any]
    open_findings: dict[str, int]
    users: list[ImageUser]

    @property
    def name(self) -> str:
        """What people call it: the last part of its first name, with the tag."""
        return self.names[0].rpartition("/")[2] if self.names else self.digest[:19]


def replace_images(
    connection: Connection, cluster: str, rows: list[dict[str, Any]], uses: list[dict[str, Any]]
) -> None:
    """Keeps the images of a run in place of those of the run before."""
    of_cluster = select(resources.c.id).where(resources.c.cluster == cluster)
    connection.execute(delete(image_uses).where(image_uses.c.resource_id.in_(of_cluster)))
    connection.execute(delete(images).where(images.c.resource_id.in_(of_cluster)))
    if rows:
        connection.execute(insert(images), rows)
    if uses:
        connection.execute(insert(image_uses), uses)


def list_images(connection: Connection, cluster: str) -> list[ImageRow]:
    """All images of a cluster's latest run, by name."""
    query = select(images, *_resource_columns()).join(resources, resources.c.id == images.c.resource_id)
    counts = _open_by_resource(connection, cluster)
    users = _users(connection, cluster)
    found = [
        _image_row(row, counts, users)
        for row in connection.execute(query.where(resources.c.cluster == cluster))
    ]
    return sorted(found, key=lambda row: row.name)


def not_scanned(connection: Connection, cluster: str) -> list[ImageUser]:
    """Containers whose image was not at hand."""
    query = (
        select(image_uses.c.container, image_uses.c.reference, *_resource_columns())
        .join(resources, resources.c.id == image_uses.c.resource_id)
        .where(resources.c.cluster == cluster, image_uses.c.image_id.is_(None))
        .order_by(image_uses.c.reference, resources.c.key)
    )
    return [_user(row) for row in connection.execute(query)]


def _resource_columns() -> list[Any]:
    return [column.label(f"owner_{column.name}") for column in resources.c]


def _user(row: Row[Any]) -> ImageUser:
    return ImageUser(resource_row(row, "owner_"), row.container, row.reference)


def _users(connection: Connection, cluster: str) -> dict[int, list[ImageUser]]:
    query = (
        select(image_uses.c.image_id, image_uses.c.container, image_uses.c.reference, *_resource_columns())
        .join(resources, resources.c.id == image_uses.c.resource_id)
        .where(resources.c.cluster == cluster, image_uses.c.image_id.is_not(None))
        .order_by(resources.c.key)
    )
    found: dict[int, list[ImageUser]] = {}
    for row in connection.execute(query):
        found.setdefault(row.image_id, []).append(_user(row))
    return found


def _open_by_resource(connection: Connection, cluster: str) -> dict[int, dict[str, int]]:
    query = (
        select(findings.c.resource_id, findings.c.severity, func.count())
        .join(resources, resources.c.id == findings.c.resource_id)
        .where(
            resources.c.cluster == cluster, resources.c.kind == "Image", live, findings.c.outcome.in_(OPEN)
        )
        .group_by(findings.c.resource_id, findings.c.severity)
    )
    counts: dict[int, dict[str, int]] = {}
    for resource_id, severity, number in connection.execute(query):
        counts.setdefault(resource_id, {})[severity] = number
    return counts


def _image_row(
    row: Row[Any], counts: dict[int, dict[str, int]], users: dict[int, list[ImageUser]]
) -> ImageRow:
    return ImageRow(
        resource=resource_row(row, "owner_"),
        digest=row.digest,
        names=row.names,
        distribution=row.distribution,
        content=row.content,
        open_findings=counts.get(row.resource_id, {}),
        users=users.get(row.resource_id, []),
    )
