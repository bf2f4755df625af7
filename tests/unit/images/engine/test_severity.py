import pytest

from propolis.core.finding import Severity
from propolis.images.engine.severity import judge, score_of_vector, severity_of, value_of
from propolis.images.model.advisory import Score, ScoreKind
from propolis.images.model.vulnerability import Judgement

V2 = Score(ScoreKind.CVSS_V2, "AV:N/AC:L/Au:N/C:C/I:C/A:C")
V3 = Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N")
V4 = Score(ScoreKind.CVSS_V4, "CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N")


@pytest.mark.parametrize(
    ("score", "value", "severity"),
    [
        (V2, 10.0, Severity.HIGH),
        (Score(ScoreKind.CVSS_V2, "AV:L/AC:H/Au:M/C:P/I:N/A:N"), 0.8, Severity.LOW),
        (V3, 6.1, Severity.MEDIUM),
        (Score(ScoreKind.CVSS_V3, "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), 9.8, Severity.CRITICAL),
        (Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N"), 0.0, Severity.INFO),
        (V4, 4.8, Severity.MEDIUM),
        (Score(ScoreKind.UBUNTU, "Negligible"), None, Severity.LOW),
        (Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N"), None, Severity.UNKNOWN),
        (Score(ScoreKind.CVSS_V4, "nonsense"), None, Severity.UNKNOWN),
        (Score(ScoreKind.CVSS_V2, "x" * 1_000_000), None, Severity.UNKNOWN),
    ],
)
def test_a_score_has_a_value_and_a_band(score: Score, value: float | None, severity: Severity) -> None:
    assert (value_of(score), severity_of(score)) == (value, severity)


def test_the_newest_version_of_cvss_counts() -> None:
    assert judge([], [V2, V3, V4]) == Judgement(Severity.MEDIUM, "CVSS", V4, 4.8)
    assert judge([], [V2, V3]).score == V3


def test_a_word_counts_before_any_score_and_keeps_the_best_one() -> None:
    words = [(Severity.UNKNOWN, "A"), (Severity.LOW, "B"), (Severity.HIGH, "C")]
    assert judge(words, [V3]) == Judgement(Severity.LOW, "B", V3, 6.1)


def test_the_word_of_ubuntu_counts_before_scores() -> None:
    assert judge([], [V3, Score(ScoreKind.UBUNTU, "low")]) == Judgement(Severity.LOW, "Ubuntu", V3, 6.1)


def test_without_words_and_readable_scores_nothing_is_known() -> None:
    assert judge([], [Score(ScoreKind.CVSS_V3, "?")]) == Judgement()


def test_a_bare_vector_tells_its_version() -> None:
    assert score_of_vector(V4.value) == V4
    assert score_of_vector(V3.value) == V3
    assert score_of_vector(V2.value) == V2
    assert score_of_vector("") is None
