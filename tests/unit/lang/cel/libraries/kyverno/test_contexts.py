from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.contexts import (
    IMAGE_DATA_LIBRARY,
    RANDOM_LIBRARY,
    GlobalContext,
    ImageContext,
    global_context_library,
)
from propolis.lang.cel.libraries.kyverno.generator import Generator, generator_library
from propolis.lang.cel.libraries.kyverno.http import HttpContext, http_library
from propolis.lang.cel.libraries.kyverno.image_verify import image_verify_library
from propolis.lang.cel.libraries.kyverno.world import (
    GLOBAL_CONTEXT,
    HTTP_CALL,
    IMAGE_DATA,
    IMAGE_PAYLOAD,
    IMAGE_VERDICT,
    RANDOM,
)
from propolis.lang.cel.library import Library
from tests.harness.cel import run

HTTP = http_library()


def _asked(library: Library, overload_id: str, *arguments: Any) -> set[LookupKey]:
    with pytest.raises(MissingLookups) as caught:
        run(library, overload_id, *arguments)
    return set(caught.value.keys)


def test_a_call_of_a_service_has_headers_a_body_and_a_bundle() -> None:
    client = run(HTTP, "http_client_string_camel", HttpContext(), "PEM")
    url = "https://example.com"
    assert _asked(HTTP, "http_get_string_camel", HttpContext(), url) == {
        LookupKey(HTTP_CALL, ("GET", url, "", "", ""))
    }
    assert _asked(HTTP, "http_get_string_headers_pascal", client, url, {"b": "2", "a": "1"}) == {
        LookupKey(HTTP_CALL, ("GET", url, "", '{"a":"1","b":"2"}', "PEM"))
    }
    assert _asked(HTTP, "http_post_string_any_headers_camel", client, url, [1, 2.0], {}) == {
        LookupKey(HTTP_CALL, ("POST", url, "[1,2]", "", "PEM"))
    }


def test_a_client_without_a_bundle_is_the_same_client() -> None:
    assert run(HTTP, "http_client_string_camel", HttpContext(), "") == HttpContext()


def test_the_answer_of_a_service_is_handed_on() -> None:
    key = LookupKey(HTTP_CALL, ("GET", "https://a", "", "", ""))
    answers = {key: Answer({"statusCode": 200, "ok": True})}
    assert run(HTTP, "http_get_string_camel", HttpContext(), "https://a", answers=answers) == {
        "statusCode": 200,
        "ok": True,
    }
    with pytest.raises(EvaluationError, match="failed to call a service: refused"):
        run(
            HTTP,
            "http_get_string_camel",
            HttpContext(),
            "https://a",
            answers={key: Answer(error="refused")},
        )


def test_a_policy_of_a_namespace_calls_no_service_and_reads_no_global_value() -> None:
    (_, context) = http_library(is_allowed=False).constants["http"]
    for one in (context, run(HTTP, "http_client_string_camel", context, "PEM")):
        with pytest.raises(EvaluationError, match="not allowed in namespaced policies"):
            run(HTTP, "http_get_string_camel", one, "https://a")
    (_, kept) = global_context_library(is_allowed=False).constants["globalContext"]
    with pytest.raises(EvaluationError, match="not allowed in namespaced policies"):
        run(global_context_library(), "globalcontext_get_string_camel", kept, "entry")


def test_a_global_value_is_asked_by_name_and_projection() -> None:
    library = global_context_library()
    key = LookupKey(GLOBAL_CONTEXT, ("entry", "part"))
    arguments = (GlobalContext(), "entry", "part")
    assert run(library, "globalcontext_get_string_string_camel", *arguments, answers={key: Answer(3)}) == 3
    assert run(library, "globalcontext_get_string_string_camel", *arguments, answers={key: Answer()}) is None
    assert _asked(library, "globalcontext_get_string_pascal", GlobalContext(), "entry") == {
        LookupKey(GLOBAL_CONTEXT, ("entry", ""))
    }


def test_image_data_has_its_configuration_under_both_names() -> None:
    key = LookupKey(IMAGE_DATA, ("nginx",))
    arguments = (IMAGE_DATA_LIBRARY, "imagedata_get_string_pascal", ImageContext(), "nginx")
    found = run(*arguments, answers={key: Answer({"configData": {"os": "linux"}})})
    assert found == {"configData": {"os": "linux"}, "config": {"os": "linux"}}
    with pytest.raises(EvaluationError, match="failed to get image data: nginx is not found"):
        run(*arguments, answers={key: Answer()})


def test_random_text_is_the_same_for_the_same_answer() -> None:
    key = LookupKey(RANDOM, ("[a-c]{5}",))
    answers = {key: Answer("0123456789abcdef" * 2)}
    found = run(RANDOM_LIBRARY, "random_string_prefixed", "[a-c]{5}", answers=answers)
    assert found == run(RANDOM_LIBRARY, "random_string_non_prefixed", "[a-c]{5}", answers=answers)
    assert len(found) == 5
    assert set(found) <= set("abc")
    assert _asked(RANDOM_LIBRARY, "random_string_default_expr_prefixed") == {
        LookupKey(RANDOM, ("[0-9a-z]{8}",))
    }


@pytest.mark.parametrize("pattern", ["[", "a{1000000000}", "(" * 1000])
def test_a_pattern_that_would_not_end_makes_no_text(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="random"):
        run(
            RANDOM_LIBRARY,
            "random_string_prefixed",
            pattern,
            answers={LookupKey(RANDOM, (pattern,)): Answer("00")},
        )


def test_what_is_generated_is_noted_once() -> None:
    generator, library = Generator(), generator_library()
    network = {"kind": "NetworkPolicy", "metadata": {"name": "deny"}}
    quotas = {"kind": "List", "items": [{"kind": "ResourceQuota"}, {"kind": "LimitRange"}]}
    for _ in range(2):
        assert run(library, "generator_apply_string_list_camel", generator, "ns", [network, quotas]) is True
    run(library, "generator_apply_string_list_pascal", generator, "other", [network])
    assert generator.made == [
        ("ns", network),
        ("ns", {"kind": "ResourceQuota"}),
        ("ns", {"kind": "LimitRange"}),
        ("other", network),
    ]


def test_a_policy_of_a_namespace_generates_there() -> None:
    generator = Generator()
    run(generator_library("tenant"), "generator_apply_list_camel", generator, [{"kind": "Role"}])
    assert generator.made == [("tenant", {"kind": "Role"})]


KEYS, NOTARY = {"name": "keys", "cosign": {}}, {"name": "notary", "notary": {}}
VERIFY = image_verify_library(
    {"sbom": {"name": "sbom", "intoto": {"type": "t"}}}, lambda image: image != "other"
)
SIGNATURES = "verify_image_signature_string_stringarray"
ATTESTATION = "verify_image_attestations_string_string_stringarray"


def _verdict(question: str) -> LookupKey:
    return LookupKey(IMAGE_VERDICT, ("nginx", question))


def test_signatures_are_counted_by_attestor() -> None:
    answers = {
        _verdict('{"attestors":[{"cosign":{},"name":"keys"}]}'): Answer({"verified": True}),
        _verdict('{"attestors":[{"name":"notary","notary":{}}]}'): Answer({"verified": False}),
    }
    assert run(VERIFY, SIGNATURES, "nginx", [KEYS, NOTARY], answers=answers) == 1
    assert run(VERIFY, SIGNATURES, "nginx", [], answers=answers) == 0
    assert run(VERIFY, SIGNATURES, "other", [KEYS]) == 0


def test_an_attestor_whose_question_fails_did_not_sign() -> None:
    key = _verdict('{"attestors":[{"cosign":{},"name":"keys"}]}')
    assert run(VERIFY, SIGNATURES, "nginx", [KEYS], answers={key: Answer(error="no registry")}) == 0


def test_an_attestation_is_one_of_the_policy() -> None:
    question = (
        '{"attestation":{"intoto":{"type":"t"},"name":"sbom"},"attestors":[{"cosign":{},"name":"keys"}]}'
    )
    answers = {_verdict(question): Answer({"verified": True})}
    assert run(VERIFY, ATTESTATION, "nginx", "sbom", [KEYS], answers=answers) == 1
    assert run(VERIFY, ATTESTATION, "other", "sbom", [KEYS]) == 0
    for call in ((ATTESTATION, "nginx", "vex", [KEYS]), ("payload_string_string", "nginx", "vex")):
        with pytest.raises(EvaluationError, match="attestation not found in policy: vex"):
            run(VERIFY, *call)


def test_an_attestation_has_a_payload() -> None:
    key = LookupKey(IMAGE_PAYLOAD, ("nginx", '{"intoto":{"type":"t"},"name":"sbom"}'))
    call = ("payload_string_string", "nginx", "sbom")
    assert run(VERIFY, *call, answers={key: Answer({"bomFormat": "CycloneDX"})}) == {"bomFormat": "CycloneDX"}
    with pytest.raises(EvaluationError, match="could not find attestation sbom"):
        run(VERIFY, *call, answers={key: Answer()})


def test_image_data_is_there_for_verification_as_well() -> None:
    key = LookupKey(IMAGE_DATA, ("nginx",))
    assert run(VERIFY, "get_image_data_string", "nginx", answers={key: Answer({"a": 1})}) == {"a": 1}


def test_items_of_a_list_have_the_kind_that_the_list_tells() -> None:
    generator = Generator()
    generator.apply(
        "ns", [{"apiVersion": "v1", "kind": "SecretList", "items": [{"metadata": {"name": "a"}}]}]
    )
    assert generator.made == [("ns", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})]
