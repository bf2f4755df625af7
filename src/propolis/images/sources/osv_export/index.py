"""``modified_id.csv``: time and id of every record of an ecosystem, the newest first."""

import re
from dataclasses import dataclass
from datetime import datetime

from propolis.core.errors import DocumentError, LimitError, Place

MAX_ROWS = 5_000_000
_ID = re.compile(r"[A-Za-z0-9_.:~+-]{1,200}")


@dataclass(frozen=True, slots=True)
class Index:
    """All records of an ecosystem.

    Attributes:
        newest: Time of the newest, as the server writes it; empty for none.
        modified: Time by id.
    """

    newest: str
    modified: dict[str, datetime]

    def changed_since(self, newest: str) -> list[str]:
        """Ids of records that changed at or after a time that an earlier index named."""
        since = datetime.fromisoformat(newest)
        return [name for name, at in self.modified.items() if at >= since]


def parse_index(text: bytes, place: Place) -> Index:
    """Reads the rows; a first part of a path before an id is passed over.

    Raises:
        DocumentError: for a row that is no time and id.
        LimitError: for too many rows.
    """
    modified: dict[str, datetime] = {}
    newest, newest_at = "", None
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        if number > MAX_ROWS:
            raise LimitError("index is too long", place, f"at most {MAX_ROWS} rows")
        time, _, path = line.partition(",")
        name = path.strip().rpartition("/")[2]
        at = _moment(time.strip())
        if at is None or not _ID.fullmatch(name) or name in {".", ".."}:
            raise DocumentError(f"row {line[:80]!r}", Place(place.path, number), "time,id")
        modified[name] = at
        if newest_at is None or at > newest_at:
            newest, newest_at = time.strip(), at
    return Index(newest, modified)


def _moment(text: str) -> datetime | None:
    """A time with its zone; None for other texts."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
