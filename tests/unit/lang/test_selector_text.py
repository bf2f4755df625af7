import pytest

from propolis.core.errors import DocumentError
from propolis.lang.api_path import compile_labels
from propolis.lang.selector_text import parse_selector_text

LABELS = {"app": "web", "tier": "a", "example.org/part": "x"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier!=b", True),
        ("tier in (a, b)", True),
        ("tier notin (a,b)", False),
        ("!canary", True),
        ("app", True),
        ("canary", False),
        ("example.org/part=x", True),
        ("app=", False),
    ],
)
def test_a_selector_holds_as_kubectl_has_it(text: str, *, holds: bool) -> None:
    assert compile_labels(text)(LABELS) is holds


@pytest.mark.parametrize("text", ["=", "app=web,", "tier in a", "tier in (a", "a b", "app=a=b", "app~b", "!"])
def test_what_is_no_selector_is_told(text: str) -> None:
    with pytest.raises(DocumentError, match="no label selector"):
        parse_selector_text(text)
