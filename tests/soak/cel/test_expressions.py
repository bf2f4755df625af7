"""The laws of CEL, for as long as minutes allow."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from tests.property.cel import test_generated_code as generated
from tests.property.cel import test_oracle as oracle
from tests.property.cel import test_round_trips as trips

EXAMPLES = 50_000
LAWS: list[Callable[[], None]] = [
    generated.test_generated_code_agrees_with_the_exact_evaluation,
    generated.test_who_watches_an_evaluation_does_not_change_it,
    oracle.test_the_library_of_google_agrees,
    trips.test_an_expression_is_parsed_again_from_its_unparsed_text,
    trips.test_any_text_is_an_expression_or_a_syntax_error_with_its_place,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_holds_for_many_more_examples(law: Callable[[], None]) -> None:
    settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])(law)()
