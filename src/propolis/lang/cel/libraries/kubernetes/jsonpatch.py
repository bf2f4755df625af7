"""``jsonpatch.escapeKey`` (library/jsonpatch.go): a key as a step of a JSON pointer."""

from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import STRING


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


JSON_PATCH_LIBRARY = Library(
    "kubernetes.jsonpatch",
    functions=(
        function(
            "jsonpatch.escapeKey", call("string_jsonpatch_escapeKey_string", (STRING,), STRING, _escape)
        ),
    ),
)
