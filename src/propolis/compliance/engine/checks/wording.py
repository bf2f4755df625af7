"""How checks write values and rules, so that all messages read alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from propolis.core.finding import Rule, Severity

SOURCE = "config-audit"
POLICY = "config-audit"
NOT_SET = "not set"
LONGEST = 80


def config_rule(
    name: str, title: str, severity: Severity, category: str, remedy: str, remediation: str
) -> Rule:
    """A rule of the configuration audit; ids ``KSV-`` are those of Trivy's checks of the same meaning."""
    return Rule(
        source=SOURCE,
        policy=POLICY,
        name=name,
        title=title,
        severity=severity,
        category=category,
        remedy=remedy,
        remediation=remediation,
    )


def shown(value: Any) -> str:
    """A value of the document as YAML writes it; long ones are cut."""
    if value is None:
        return NOT_SET
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def shown_field(document: Mapping[str, Any], field: str) -> str:
    """The value of a field, or ``not set``."""
    return shown(document.get(field))


def listed(words: Iterable[str]) -> str:
    """Words joined by commas, each once."""
    return shown(", ".join(dict.fromkeys(words)))
