"""OSV records: from JSON bytes to `Advisory`. Follows the OSV schema 1.7.

What the schema refuses is refused with the path of the field; so are records beyond the limits of
`osv_affected`.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.finding import Severity
from propolis.images.model.advisory import Advisory, Affected
from propolis.images.model.osv_affected import MAX_ENTRIES, affected_of, check_name, scores_of
from propolis.images.model.osv_wire import DECODER, WireAffected, WireRecord, WireReference
from propolis.images.model.rating import rating_of, rating_of_summary

_BUGFIX_ERRATA = ("ALBA-", "ALEA-", "RHBA-", "RHEA-", "SUSE-FU-", "SUSE-OU-", "SUSE-RU-")
_REFERENCE_RANKS = {"ADVISORY": 0, "FIX": 1, "REPORT": 2}
_OTHER_REFERENCE = 3
MAX_SOURCE_CHARACTERS = 100
_OFFSET = re.compile(r"\s*\(byte ([0-9]+)\)")


def parse_record(text: bytes, place: Place, source: str = "") -> Advisory:
    """Reads one record.

    Args:
        text: JSON.
        place: Where it begins, for errors.
        source: The name of its data source where the record does not tell.

    Raises:
        DocumentError: for what is no OSV record.
        LimitError: for one with too many entries or too long versions.
    """
    try:
        return _advisory(DECODER.decode(text), source)
    except RecursionError:
        raise LimitError("OSV record is nested too deep", place) from None
    except msgspec.ValidationError as error:
        raise DocumentError(f"no OSV record: {error}", place, "a record of OSV schema 1") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(text, place, str(error)) from None
    except DocumentError as error:
        raise error.at(place) from None


def _malformed(text: bytes, place: Place, message: str) -> DocumentError:
    """The decoder names a byte; people want a line and a column."""
    found = _OFFSET.search(message)
    if found is None:
        return DocumentError(message, place, "one OSV record in JSON")
    before = text[: int(found[1])]
    line = (place.line or 1) + before.count(b"\n")
    column = len(before) - (before.rfind(b"\n") + 1) + 1
    return DocumentError(_OFFSET.sub("", message), Place(place.path, line, column), "one OSV record in JSON")


def _advisory(record: WireRecord, source: str) -> Advisory:
    """The record in our words. Raises `DocumentError` without a place."""
    names = [*(record.aliases or ()), *(record.upstream or ()), *(record.related or ())]
    check_name("id", record.id)
    for name in names:
        check_name("alias", name)
    affected = [found for entry in _entries(record, names) if (found := affected_of(entry)) is not None]
    scores = scores_of(record.severity)
    if not scores and len({entry.scores for entry in affected}) == 1:
        scores = affected[0].scores
        affected = [msgspec.structs.replace(entry, scores=()) for entry in affected]
    specific = record.database_specific
    return Advisory(
        id=record.id,
        modified=record.modified,
        published=record.published,
        withdrawn=record.withdrawn,
        aliases=_distinct(record.aliases),
        upstream=_distinct(record.upstream),
        related=_distinct(record.related),
        summary=record.summary,
        details=record.details,
        scores=scores,
        rating=_rating(record, affected),
        references=_references(record.references),
        source=_source_name(specific.source if specific else None) or source,
        affected=tuple(affected),
        left_out=len(record.affected or ()) - len(affected),
    )


def _entries(record: WireRecord, names: Iterable[str]) -> Sequence[WireAffected]:
    """The affected entries; none of an erratum that only mends ordinary bugs."""
    entries = record.affected or []
    if len(entries) > MAX_ENTRIES:
        raise LimitError(f"{record.id}: {len(entries)} affected entries", expected=f"at most {MAX_ENTRIES}")
    is_bugfix = record.id.startswith(_BUGFIX_ERRATA) and not any(name.startswith("CVE-") for name in names)
    return () if is_bugfix else entries


def _rating(record: WireRecord, affected: Sequence[Affected]) -> Severity:
    """The record's word, else that of all its entries, else that of its title."""
    specific = record.database_specific
    rating = rating_of(specific.severity if specific else None)
    if rating is Severity.UNKNOWN and len({entry.rating for entry in affected}) == 1:
        rating = affected[0].rating
    return rating_of_summary(record.summary) if rating is Severity.UNKNOWN else rating


def _references(found: Iterable[WireReference] | None) -> tuple[str, ...]:
    """Addresses, advisories and fixes first."""
    ranked = sorted(found or (), key=lambda reference: _REFERENCE_RANKS.get(reference.type, _OTHER_REFERENCE))
    return _distinct(reference.url for reference in ranked)


def _distinct(values: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values or ()))


def _source_name(value: object) -> str:
    """The name of a data source; some publishers write the address of the record there, which is none."""
    is_name = isinstance(value, str) and len(value) <= MAX_SOURCE_CHARACTERS and "://" not in value
    return str(value) if is_name else ""
