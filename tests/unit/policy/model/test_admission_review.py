import base64
import json
from typing import Any

import pytest

from propolis.policy.model.admission_review import (
    AdmissionResponse,
    ReviewError,
    Status,
    parse_review,
    write_response,
)

POD = {"group": "", "version": "v1", "kind": "Pod"}
PODS = {"group": "", "version": "v1", "resource": "pods"}


def review(**fields: Any) -> dict[str, Any]:
    request = {"uid": "u-1", "kind": POD, "resource": PODS, "operation": "CREATE"} | fields
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def test_a_review_gives_its_request() -> None:
    asked = {"username": "ann", "groups": ["team"], "extra": {"scopes": ["a"]}}
    request = parse_review(json.dumps(review(name="web", userInfo=asked, dryRun=True)).encode())
    assert (request.uid, request.name, request.operation, request.dry_run) == ("u-1", "web", "CREATE", True)
    assert request.user_info.groups == ("team",)
    assert request.user_info.extra == {"scopes": ("a",)}


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert parse_review(json.dumps(review(fieldOfTomorrow=1)).encode()).uid == "u-1"


@pytest.mark.parametrize(
    ("body", "uid"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{", ""),
        (b"\xff\xfe", ""),
        (b'{"request": 5}', ""),
        (b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}', ""),
        (b"[" * 100_000, ""),
        (json.dumps(review(operation="PATCH")).encode(), "u-1"),
        (json.dumps(review(kind="Pod")).encode(), "u-1"),
        (json.dumps(review(object=[])).encode(), "u-1"),
        (json.dumps(review() | {"apiVersion": "admission.k8s.io/v1beta1"}).encode(), "u-1"),
        (json.dumps(review() | {"kind": "TokenReview"}).encode(), "u-1"),
    ],
)
def test_what_is_no_review_is_an_error_with_the_uid_where_there_is_one(body: bytes, uid: str) -> None:
    with pytest.raises(ReviewError) as error:
        parse_review(body)
    assert error.value.uid == uid


def test_an_answer_is_a_review_with_the_patch_as_base64() -> None:
    patch = b'[{"op":"remove","path":"/a"}]'
    answer = json.loads(write_response(AdmissionResponse("u-1", True, None, patch, "JSONPatch")))  # noqa: FBT003  # allowed
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    response = answer["response"]
    assert base64.b64decode(response.pop("patch")) == patch
    assert response == {"uid": "u-1", "allowed": True, "patchType": "JSONPatch"}


def test_a_refusal_says_why_and_that_it_is_one() -> None:
    response = AdmissionResponse("u-1", allowed=False, status=Status("no", code=403))
    assert json.loads(write_response(response))["response"] == {
        "uid": "u-1",
        "allowed": False,
        "status": {"message": "no", "code": 403},
    }
