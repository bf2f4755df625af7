"""Words of publishers for a severity, as one of ours."""

from collections.abc import Mapping

from propolis.core.finding import Severity

_WORDS: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "unimportant": Severity.LOW,
    "none": Severity.INFO,
    "informational": Severity.INFO,
    "notice": Severity.INFO,
    "unmaintained": Severity.INFO,
}


def rating_of(word: object) -> Severity:
    """The severity that a publisher's word means; unknown for other words and for no word."""
    return _WORDS.get(word.strip().lower(), Severity.UNKNOWN) if isinstance(word, str) else Severity.UNKNOWN


def rating_of_summary(summary: str) -> Severity:
    """The severity before the colon of an erratum's title (``Important: kernel security update``)."""
    word, colon, _ = summary.partition(":")
    return rating_of(word) if colon else Severity.UNKNOWN
