"""Documents packed and unpacked."""

import json

from hypothesis import given
from hypothesis import strategies as st

from propolis.cluster.packing import SAMPLES, Packer


def document(number: int) -> bytes:
    containers = [
        {"name": "web", "image": f"registry.example/web:{number}", "ports": [{"containerPort": 80}]}
    ]
    metadata = {"name": f"web-{number}", "labels": {"app": "web", "number": str(number)}}
    return json.dumps({"metadata": metadata, "spec": {"containers": containers * 5}}).encode()


def test_what_was_packed_before_and_after_there_was_a_dictionary_is_read() -> None:
    packer = Packer()
    documents = [document(number) for number in range(3 * SAMPLES)]
    packed = [packer.pack(one) for one in documents]
    assert [packer.unpack(one) for one in packed] == documents
    assert len(packed[-1]) < len(packed[0]) / 2


@given(st.lists(st.binary(max_size=30), min_size=SAMPLES, max_size=SAMPLES + 5))
def test_documents_that_have_nothing_in_common_are_read_too(documents: list[bytes]) -> None:
    packer = Packer()
    assert [packer.unpack(packer.pack(one)) for one in documents] == documents
