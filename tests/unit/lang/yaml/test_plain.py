"""Which documents the fast parser may read."""

import pytest

from propolis.core.limits import DEFAULT, Limits
from propolis.lang.yaml import plain, reference

PLAIN = b"""\
---
# A deployment as people write it
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web  # the name
  labels: {app: web, "app.kubernetes.io/name": 'it''s'}
  annotations:
    description: "a \\"quoted\\" text: with colon"
    checked-at: 2024-01-02T03:04:05Z
spec:
  replicas: 3
  template:
    spec:
      hostNetwork: false
      containers:
      - name: main
        image: registry.example:5000/web:1.2.3@sha256:0a1b
        command: [ "sh", "-c" ]
        args:
        - --verbose
        - |
          echo one
          exit 0
        resources:
          limits: {cpu: 500m, memory: 128Mi}
        env: []
      -   name: other
          ports:
          - containerPort: 80
            hostIP: 10.0.0.1
      volumes:
      - emptyDir: {}
"""


def test_an_ordinary_manifest_takes_the_fast_path() -> None:
    document = plain.load(PLAIN, DEFAULT)
    assert document["spec"]["template"]["spec"]["containers"][0]["args"] == [
        "--verbose",
        "echo one\nexit 0\n",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "a: yes", "a: On # x", "a: [n]", "a: {b: off}", "no: a", "- y", "y: 1", "true: 1", "null : 1",
        "{off: 1}", "a: 0777", "a: 1.0", "a: 1e3", "a: 0x1F", "a: 0o7", "a: 1_0", "_64: a", "a: _64",
        "a: +1", "a: -0", "a: .5", "a: .inf", "a: -.INF", "a: .nan", "a: nan", "a: 1234567890123456789",
        "1: a", "1.5: a", ".5: a", "a: &x 1", "a: *x", "a: !!str 1", "<<: {a: 1}", "? a", "a: {b: {c: d}}",
        "a: [[1], [2]]", "a: [1,", 'a: "\\x41"', 'a: "\\u0041"', "a:\tb", "\ta: b",
        "a: b\t", "a: b: c", "a: b:", "a: @x", "a: `x", "a: %x", "a: ]", "%YAML 1.1", "a: |2", "a: |",
        "a: >-\n\n", "|", "a: x\u2028y", "a: \ufeffb", "a: \x85", "a: \x07", "- - - - a",
        " " * 101 + "a: b", "...",
    ],
)  # fmt: skip
def test_what_parsers_may_take_differently_is_left_to_the_reference(line: str) -> None:
    assert plain.load(f"{line}\n".encode(), DEFAULT) is plain.NOT_PLAIN


def test_a_key_that_is_there_twice_is_left_to_the_reference() -> None:
    assert plain.load(b"a: 1\nb: {c: 1, 'c': 2}\n", DEFAULT) is plain.NOT_PLAIN


def test_the_end_of_the_last_line_may_be_missing_where_it_means_nothing() -> None:
    assert plain.load(b"a: b", DEFAULT) == {"a": "b"}
    assert plain.load(b"a: |\n  b", DEFAULT) is plain.NOT_PLAIN


def test_limits_that_the_fast_parser_does_not_count_are_left_to_the_reference() -> None:
    assert plain.load(b"a: b\n", Limits(document_depth=20)) is plain.NOT_PLAIN
    assert plain.load(b"a: b\n", Limits(document_nodes=4)) is plain.NOT_PLAIN


def test_bytes_that_are_no_text_are_left_to_the_reference() -> None:
    assert plain.load(b"a: \xff\n", DEFAULT) is plain.NOT_PLAIN


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quote_over_several_lines_is_plain(quote: str) -> None:
    text = f"a: {quote}one\n  two: 0777 # no comment\n\n  three{quote}\nb: 1\n"
    assert plain.load(text.encode(), DEFAULT) == {"a": "one two: 0777 # no comment\nthree", "b": 1}


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize(
    "text",
    ["a: |\n  Qx\nb: 0777\nc: yQ\n", "a: |\n  k: Qx\nb: 0777\nc: yQ\n", "a: b\n  - Qx\nc: 0777\nd: yQ\n"],
)
def test_a_quote_within_a_text_hides_nothing(text: str, quote: str) -> None:
    data = text.replace("Q", quote).encode()
    assert plain.load(data, DEFAULT) is plain.NOT_PLAIN
    assert 511 in reference.load(data, DEFAULT).values()


@pytest.mark.parametrize("text", ["a: 'x\n", 'a: "x\n', "a: 'x'y\n  z'\n", "a: 'x\nb: 'y'\n"])
def test_a_quote_that_does_not_end_is_left_to_the_reference(text: str) -> None:
    assert plain.load(text.encode(), DEFAULT) is plain.NOT_PLAIN
