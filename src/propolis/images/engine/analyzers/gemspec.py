"""Installed Ruby gems: the specification that RubyGems writes beside each.

A specification is Ruby code; only its plain assignments of literals are read, nothing is run.
"""

import re

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

_VARIABLE = re.compile(r"Gem::Specification\.new\s+do\s+\|\s*(\w{1,40})\s*\|")
_LITERAL = re.compile(r"""["'](?P<text>[^"']{1,500})["']""")
_FIRST_CHARACTERS = 64 * 1024


def analyze(path: str, content: Content) -> Analysis:
    """The gem of a specification; nothing where name or version are no literals."""
    del path
    text = decoded(content[:_FIRST_CHARACTERS])
    variable = _VARIABLE.search(text)
    if variable is None:
        return Analysis()
    fields = _assignments(text, variable.group(1))
    name, version = _literal(fields, "name"), _literal(fields, "version")
    if not name or not version:
        return Analysis()
    licences = fields.get("licenses", "") or fields.get("license", "")
    found = tuple(short(one) for one in _LITERAL.findall(licences))
    return Analysis(packages=(Package("gem", name, version, licences=found),))


def _assignments(text: str, variable: str) -> dict[str, str]:
    """The right side of every ``variable.field = ...`` line, the first of each field."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        left, equals, right = line.strip().partition("=")
        owner, _, field = left.strip().partition(".")
        if equals and owner == variable:
            fields.setdefault(field.strip(), right.strip())
    return fields


def _literal(fields: dict[str, str], name: str) -> str:
    found = _LITERAL.search(fields.get(name, ""))
    return short(found.group("text")) if found else ""


def wants(path: str) -> bool:
    """A specification in a folder of RubyGems."""
    return "/specifications/" in path


GEMSPEC = Analyzer("gemspec", 1, analyze, suffixes=(".gemspec",), wants=wants)
