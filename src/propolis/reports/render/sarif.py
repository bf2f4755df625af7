"""SARIF 2.1.0 (OASIS), as code hosts and editors read it: open findings with file and line."""

from typing import Any

from propolis import __version__
from propolis.core.finding import OPEN_OUTCOMES
from propolis.reports.render.encoding import encode
from propolis.reports.snapshot import Snapshot
from propolis.store.rows import FindingRow

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
"""SARIF level by severity; unknown is a warning."""

SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
"""``security-severity`` as code hosts sort by it: the middle of each band of CVSS."""


def render_sarif(snapshot: Snapshot) -> bytes:
    """One SARIF log with one run."""
    opened = [row for row in snapshot.findings if row.outcome in OPEN_OUTCOMES]
    indexes: dict[str, int] = {}
    rules: list[dict[str, Any]] = []
    for row in opened:
        if _rule_id(row) not in indexes:
            indexes[_rule_id(row)] = len(rules)
            rules.append(_rule(row))
    run = {
        "tool": {"driver": {"name": "Propolis", "semanticVersion": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(row, indexes[_rule_id(row)]) for row in opened],
    }
    return encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule_id(row: FindingRow) -> str:
    return f"{row.source}/{row.policy}/{row.rule}"


def _rule(row: FindingRow) -> dict[str, Any]:
    title = row.title or row.rule
    return {
        "id": _rule_id(row),
        "name": row.rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": row.remediation or title},
        "defaultConfiguration": {"level": LEVELS.get(row.severity, "warning")},
        "properties": {
            "security-severity": SCORES.get(row.severity, "5.0"),
            "tags": [tag for tag in ("security", row.source, row.category) if tag],
        },
    }


def _result(row: FindingRow, index: int) -> dict[str, Any]:
    return {
        "ruleId": _rule_id(row),
        "ruleIndex": index,
        "level": LEVELS.get(row.severity, "warning"),
        "message": {"text": f"{row.resource.path}: {row.message or row.title or row.rule}"},
        "locations": [_location(row)],
        "partialFingerprints": {"propolis/v1": row.fingerprint},
        "baselineState": "new" if row.change == "new" else "unchanged",
    }


def _location(row: FindingRow) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": row.resource.path, "kind": "resource"}],
    }
    if row.resource.origin_line:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(row.resource.origin_path)},
            "region": {"startLine": row.resource.origin_line},
        }
    return location


def _uri(path: str) -> str:
    """A relative reference, or a file URI for an absolute path."""
    from urllib.parse import quote  # noqa: PLC0415  # only reports with files need it

    quoted = quote(path.replace("\\", "/"))
    return f"file://{quoted}" if quoted.startswith("/") else quoted.removeprefix("./")
