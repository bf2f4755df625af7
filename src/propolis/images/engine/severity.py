"""How bad a vulnerability is: the publisher's word first, then scores.

CVSS v4 is taken before v3 and v3 before v2; among vectors of one version the highest. The bands are those
of the CVSS specifications, and of NVD for v2.
"""

import functools
from collections.abc import Iterable, Sequence

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from propolis.core.finding import Severity
from propolis.images.model.advisory import Score, ScoreKind
from propolis.images.model.rating import rating_of
from propolis.images.model.vulnerability import Judgement

_VERSIONS = {ScoreKind.CVSS_V4: 4, ScoreKind.CVSS_V3: 3, ScoreKind.CVSS_V2: 2}
_MAX_VECTOR_CHARACTERS = 500
_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
_HIGH_OF_V2 = 7.0
BY_SCORE = "CVSS"


@functools.lru_cache(16_384)
def value_of(score: Score) -> float | None:
    """The base score of a vector, 0 to 10; None for a word, or for a vector that cannot be read."""
    vector = score.value.strip()
    if score.kind not in _VERSIONS or len(vector) > _MAX_VECTOR_CHARACTERS:
        return None
    try:
        match score.kind:
            case ScoreKind.CVSS_V4:
                return float(CVSS4(vector).base_score)
            case ScoreKind.CVSS_V3:
                return float(CVSS3(vector).base_score)
            case _:
                return float(CVSS2(vector).base_score)
    except CVSSError:
        return None


def severity_of(score: Score) -> Severity:
    """The band of a score; unknown for one that cannot be read."""
    if score.kind is ScoreKind.UBUNTU:
        return rating_of(score.value)
    value = value_of(score)
    if value is None:
        return Severity.UNKNOWN
    if score.kind is ScoreKind.CVSS_V2 and value >= _HIGH_OF_V2:
        return Severity.HIGH
    return next((severity for lowest, severity in _BANDS if value >= lowest), Severity.INFO)


def judge(words: Sequence[tuple[Severity, str]], scores: Iterable[Score]) -> Judgement:
    """The judgement out of what publishers say.

    Args:
        words: Their own words, each with the name of its advisory; the first that is known counts.
        scores: Vectors of all advisories and of the weakness itself.
    """
    found = list(scores)
    best = _best(found)
    value = value_of(best) if best else None
    for word, advisory in [*words, *_ubuntu_words(found)]:
        if word is not Severity.UNKNOWN:
            return Judgement(word, advisory, best, value)
    return Judgement(severity_of(best), BY_SCORE, best, value) if best else Judgement()


def _ubuntu_words(scores: Iterable[Score]) -> list[tuple[Severity, str]]:
    return [(rating_of(score.value), "Ubuntu") for score in scores if score.kind is ScoreKind.UBUNTU]


def _best(scores: Iterable[Score]) -> Score | None:
    """The newest version of CVSS, then the highest value; None without a readable vector."""
    readable = [score for score in scores if value_of(score) is not None]
    return max(readable, key=lambda score: (_VERSIONS[score.kind], value_of(score) or 0.0), default=None)


def score_of_vector(vector: str) -> Score | None:
    """A bare vector with the version that its beginning tells; None for an empty one."""
    if not vector:
        return None
    if vector.startswith("CVSS:4"):
        return Score(ScoreKind.CVSS_V4, vector)
    return Score(ScoreKind.CVSS_V3 if vector.startswith("CVSS:3") else ScoreKind.CVSS_V2, vector)
