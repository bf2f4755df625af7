from typing import Any

import pytest
from cyclonedx.spdx import is_supported_id
from hypothesis import given, settings
from hypothesis import strategies as st
from license_expression import get_spdx_licensing

from propolis.reports.render.licences import licence_choices


@pytest.mark.parametrize(
    ("licences", "choices"),
    [
        ((), []),
        (("MIT",), [{"license": {"id": "MIT"}}]),
        (("GPL-2.0",), [{"license": {"id": "GPL-2.0-only"}}]),
        (("mit or apache-2.0",), [{"expression": "MIT OR Apache-2.0"}]),
        (("GPLv2+ and friends",), [{"license": {"name": "GPLv2+ and friends"}}]),
        (("MIT AND",), [{"license": {"name": "MIT AND"}}]),
        (
            ("MIT OR Apache-2.0", "Zlib", "Zlib", " "),
            [{"license": {"name": "MIT OR Apache-2.0"}}, {"license": {"id": "Zlib"}}],
        ),
    ],
)
def test_a_licence_is_an_id_an_expression_or_the_words_of_the_package(
    licences: tuple[str, ...], choices: list[dict[str, Any]]
) -> None:
    assert licence_choices(licences) == choices


def test_every_id_is_one_that_cyclonedx_knows() -> None:
    ids = [key for key in get_spdx_licensing().known_symbols if not key.startswith("LicenseRef-")]
    assert [key for key in ids if not is_supported_id(key)] == []


WORDS = st.sampled_from(["MIT", "AND", "OR", "WITH", "(", ")", "+", "GPL-2.0", "x", "'", "/", "\0", "é"])


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join)))
@settings(max_examples=400)
def test_no_words_of_a_package_break_it(text: str) -> None:
    assert len(licence_choices([text])) == (1 if text.strip() else 0)
