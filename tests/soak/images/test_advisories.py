"""The laws of advisory parsers and of version orders, for as long as minutes allow."""

from collections.abc import Callable

import pytest
from hypothesis import settings

from tests.property import test_versions as versions
from tests.property.images import test_advisory_parsers as parsers

EXAMPLES = 50_000
LAWS: list[Callable[[], None]] = [
    parsers.test_a_record_is_read_or_refused,
    parsers.test_news_about_attacks_are_read_or_refused,
    parsers.test_an_index_is_read_or_refused,
    parsers.test_a_damaged_file_gives_advisories_and_errors_only,
    parsers.test_a_damaged_database_gives_its_own_error_only,
    versions.test_python_versions_sort_as_the_packaging_library_sorts_them,
    versions.test_gem_versions_compare_as_padded_segments,
    versions.test_rpm_versions_compare_segment_by_segment,
    versions.test_debian_versions_compare_text_and_number_by_turns,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_holds_for_many_more_examples(law: Callable[[], None]) -> None:
    settings(max_examples=EXAMPLES)(law)()
