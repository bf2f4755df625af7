"""``parseServiceAccount``: a user name as namespace and name (libs/user)."""

from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import STRING, object_type

SERVICE_ACCOUNT_TYPE = object_type("user.ServiceAccount")
SERVICE_ACCOUNT_FIELDS = {"Name": STRING, "Namespace": STRING}
"""Fields of what ``parseServiceAccount`` gives, for a provider of object types; its values are maps."""

_PREFIX = "system:serviceaccount:"


def _service_account(user: str) -> dict[str, str]:
    """The parts of a service account's user name; empty for any other user."""
    namespace, colon, name = user.removeprefix(_PREFIX).partition(":")
    is_account = user.startswith(_PREFIX) and colon
    return {"Name": name, "Namespace": namespace} if is_account else {"Name": "", "Namespace": ""}


_ONE = (STRING,)
USER_LIBRARY = Library(
    "kyverno.user",
    (
        function(
            "parseServiceAccount",
            call("parse_service_account_string_non_prefixed", _ONE, SERVICE_ACCOUNT_TYPE, _service_account),
        ),
        function(
            "user.parseServiceAccount",
            call("parse_service_account_string_prefixed", _ONE, SERVICE_ACCOUNT_TYPE, _service_account),
        ),
    ),
    types={"user.ServiceAccount": SERVICE_ACCOUNT_TYPE},
)
