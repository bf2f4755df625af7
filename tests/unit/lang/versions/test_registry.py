import json

import pytest

from propolis.lang.versions import alpine, debian, pypi, rpm, semver
from propolis.lang.versions.registry import UNORDERED, order_of
from tests.harness.corpora import corpus


@pytest.mark.parametrize(
    ("ecosystem", "expected"),
    [
        ("Debian:12", debian.ORDER),
        ("Ubuntu:Pro:18.04:LTS", debian.ORDER),
        ("Alpine:v3.19", alpine.ORDER),
        ("Rocky Linux:9", rpm.ORDER),
        ("openSUSE:Leap 15.6", rpm.ORDER),
        ("Azure Linux:3", rpm.ORDER),
        ("Red Hat:rhel_aus:8.4::appstream", rpm.ORDER),
        ("NPM", semver.ORDER),
        ("Root:Alpine:3.18", alpine.ORDER),
        ("Root:PyPI", pypi.ORDER),
        ("Root:Atlantis", None),
        ("Echo", debian.ORDER),
        ("Echo:PyPI", pypi.ORDER),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_the_name_before_the_colon_decides(ecosystem: str, expected: object) -> None:
    assert order_of(ecosystem) is expected


def test_every_name_of_the_osv_schema_is_answered() -> None:
    names = set(json.loads((corpus("osv-schema") / "ecosystems.json").read_text(encoding="utf-8")))
    without = {name for name in names if order_of(name) is None}
    assert without <= UNORDERED | {"Root"}
