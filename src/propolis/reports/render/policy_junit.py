"""JUnit's XML as build servers read it (the dialect of Jenkins' xunit plugin)."""

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

import msgspec

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""

_ELEMENTS = {"failed": "failure", "error": "error", "skipped": "skipped"}


class Case(msgspec.Struct, frozen=True):
    """One test case.

    Attributes:
        suite: Cases of one suite must follow each other.
        place: The file or class that it belongs to.
        state: ``passed``, ``failed``, ``error`` or ``skipped``.
    """

    suite: str
    place: str
    name: str
    state: str
    message: str = ""


def render_junit(cases: Iterable[Case]) -> bytes:
    """One document; a suite for each run of cases of the same suite."""
    root = ET.Element("testsuites", name="propolis")
    for name, found in groupby(cases, key=lambda case: case.suite):
        _add_suite(root, name, list(found))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n".encode()


def _add_suite(root: ET.Element, name: str, cases: list[Case]) -> None:
    states = [case.state for case in cases]
    counts = {
        "tests": len(cases),
        "failures": states.count("failed"),
        "errors": states.count("error"),
        "skipped": states.count("skipped"),
    }
    suite = ET.SubElement(root, "testsuite", name=_clean(name))
    for key, value in counts.items():
        suite.set(key, str(value))
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=_clean(case.place), name=_clean(case.name))
        if case.state in _ELEMENTS:
            ET.SubElement(element, _ELEMENTS[case.state], message=_clean(case.message))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
