"""The laws of everything that reads images, for as long as minutes allow."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from tests.property.images import test_image_parsers as parsers

EXAMPLES = 50_000
LAWS: list[Callable[[], None]] = [
    parsers.test_an_analyzer_says_something_or_refuses,
    parsers.test_a_database_never_holds_more_than_its_bytes,
    parsers.test_a_header_is_read_or_refused,
    parsers.test_a_table_of_sqlite_is_read_as_sqlite_reads_it,
    parsers.test_the_older_formats_give_back_what_was_written,
    parsers.test_a_layer_is_unpacked_within_limits_or_refused,
    parsers.test_a_tar_is_the_same_in_pieces_of_any_size,
    parsers.test_a_layer_gives_content_or_a_refusal,
    parsers.test_no_name_of_a_layer_leads_elsewhere,
    parsers.test_documents_of_an_image_are_read_or_refused,
    parsers.test_a_damaged_layout_is_read_or_refused,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_holds_for_many_more_examples(law: Callable[[], None]) -> None:
    settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])(law)()
