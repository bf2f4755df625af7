"""A test of policies with everything that its files hold: a value, ready to be run."""

from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, Resource
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.kyverno_test import ContextFile, TestDocument, Values
from propolis.policy.model.policy import Policy


class OtherPolicy(msgspec.Struct, frozen=True):
    """A policy of a kind that this room does not evaluate."""

    kind: str
    name: str


class TestUser(msgspec.Struct, frozen=True, rename="camel"):
    """A user-info file."""

    __test__ = False  # no test of this project

    cluster_roles: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    user_info: dict[str, Any] | None = None


class Payload(msgspec.Struct, frozen=True):
    """A document that is no resource.

    Attributes:
        mode: ``JSON``, or ``Envoy`` or ``HTTP`` for a request that a server asks about.
        resource: Its kind is the mode, its name the path of its file, for it has none of its own.
    """

    mode: str
    resource: Resource


class PolicyTest(msgspec.Struct, frozen=True):
    """One Test document and the documents of all files that it names.

    Attributes:
        path: The file that holds the test.
        payloads: Documents that are no resources.
        invalid: Names of policies that could not be read, with the error.
        params: Objects that parametrize policies.
        context: Objects and images that policies may look up.
        sources: Those of ``files`` that hold what rules clone.
        files: Documents of the files that expectations compare with, by the path as written.
        errors: What is wrong with the test itself; it then fails without being run.
    """

    path: str
    document: TestDocument
    policies: tuple[Policy | CelPolicy, ...] = ()
    others: tuple[OtherPolicy, ...] = ()
    invalid: dict[str, DocumentError] = {}
    resources: tuple[Resource, ...] = ()
    payloads: tuple[Payload, ...] = ()
    targets: tuple[Resource, ...] = ()
    cluster: tuple[Document, ...] = ()
    exceptions: tuple[PolicyException | CelException, ...] = ()
    bindings: tuple[Binding, ...] = ()
    params: tuple[Document, ...] = ()
    context: ContextFile = ContextFile()
    values: Values = Values()
    user: TestUser | None = None
    files: dict[str, tuple[Document, ...]] = {}
    sources: tuple[str, ...] = ()
    answers: dict[LookupKey, Answer] = {}
    errors: tuple[DocumentError, ...] = ()
