"""UpdateRequests of one namespace: what they ask for is done, and they are deleted then.

States follow Kyverno pkg/background/update_request_controller.go @ v1.19.1: one that cannot be done is
``Failed`` and says why while it is tried again.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.reflector import Key
from propolis.core.errors import DocumentError, Error
from propolis.core.resource import Origin, Resource, ResourceRef
from propolis.policy.controllers.acting import Acting
from propolis.policy.controllers.acting_policies import Owner
from propolis.policy.engine.admission import ParentKind, request_subject
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.model.update_request import (
    API_VERSION,
    PLURAL,
    UpdateRequest,
    UpdateStatus,
    parse_update_request,
)

MOST_FAILED = 1_000
"""UpdateRequests that stay, so that people see what could not be done; older ones are deleted."""
MOST_MESSAGE = 1_000
_OVER = frozenset({"Completed", "Skip"})
_NOT_FOUND = 404
_DELETE = ""

Ask = tuple[Owner, ResourceRef, PolicySubject | None]


class UpdateRequests:
    """A `Store` that a reflector fills.

    Attributes:
        broken: Why one cannot be read, by its name.
        problem: Why none can be written; empty when they can.
    """

    def __init__(self, client: ApiClient, namespace: str, acting: Acting, parent: ParentKind) -> None:
        self.broken: dict[str, str] = {}
        self.problem = ""
        self._client = client
        self._namespace = namespace
        self._acting = acting
        self._parent = parent
        self._open: dict[str, int] = {}
        self._tries: dict[str, int] = {}
        self._said: dict[str, str] = {}
        self._failed: deque[str] = deque()
        self._to_write: OrderedDict[str, str] = OrderedDict()
        self._woken = asyncio.Event()
        acting.settled = self.settled

    def __len__(self) -> int:
        """How many are not done."""
        return len(self._open)

    def put(self, key: Key, document: bytes) -> None:
        """An UpdateRequest is there, or has another status now."""
        name = key[1]
        if name in self._open or name in self._said:
            return
        try:
            found = parse_update_request(document)
        except DocumentError as error:
            self.broken[name] = str(error)
            return
        if found.status.state in _OVER:
            self._write(name, _DELETE)
            return
        wanted = {(owner, trigger): request for owner, trigger, request in _asked(found, self._parent)}
        if not wanted:
            self.broken[name] = "it names no rule"
            return
        self._open[name] = len(wanted)
        for (owner, trigger), request in wanted.items():
            self._acting.request(name, owner, trigger, request)

    def drop(self, key: Key) -> None:
        """An UpdateRequest is gone."""
        name = key[1]
        if self._open.pop(name, None) is not None:
            self._acting.forget(name)
        for known in (self.broken, self._said, self._tries):
            known.pop(name, None)

    def keep(self, keys: AbstractSet[Key]) -> None:
        """All others are gone."""
        names = {name for _, name in keys}
        for name in (self._open.keys() | self._said.keys() | self.broken.keys()) - names:
            self.drop(("", name))

    def settled(self, name: str, problem: str, is_end: bool) -> None:  # noqa: FBT001  # as `Settled` has it
        """One pair that an UpdateRequest waits for is done, or has failed."""
        if name not in self._open:
            return
        if problem:
            self._tries[name] = self._tries.get(name, 0) + 1
            self._said[name] = problem
            self._write(name, problem)
        if not is_end:
            return
        self._open[name] -= 1
        if self._open[name] <= 0:
            del self._open[name]
            self._finish(name, problem)

    def _finish(self, name: str, problem: str) -> None:
        if not problem:
            self._write(name, _DELETE)
            return
        self._failed.append(name)
        if len(self._failed) > MOST_FAILED:
            self._write(self._failed.popleft(), _DELETE)

    def _write(self, name: str, text: str) -> None:
        self._to_write[name] = text
        self._woken.set()

    async def run(self) -> None:
        """Writes what became of them until it is cancelled."""
        while True:
            while self._to_write:
                await self.write_one()
            self._woken.clear()
            await self._woken.wait()

    async def write_one(self) -> None:
        """Writes what became of one of them; what cannot be written is written later."""
        name, text = self._to_write.popitem(last=False)
        path = f"/apis/{API_VERSION}/namespaces/{self._namespace}/{PLURAL}/{name}"
        try:
            if text == _DELETE:
                await self._client.delete(path, f"delete UpdateRequest {name}")
            else:
                status = UpdateStatus("Failed", text[:MOST_MESSAGE], self._tries.get(name, 0))
                body = msgspec.json.encode([{"op": "add", "path": "/status", "value": status}])
                await self._client.patch(f"{path}/status", f"tell why UpdateRequest {name} waits", body)
        except Error as error:
            if isinstance(error, RefusedError) and error.status == _NOT_FOUND:
                return
            self.problem = str(error)
            self._to_write.setdefault(name, text)
            await asyncio.sleep(1.0)
        else:
            self.problem = ""


def _asked(found: UpdateRequest, parent: ParentKind) -> Iterator[Ask]:
    """The rules and triggers that it names; without a request what was made is to be deleted."""
    subject = _subject(found, parent)
    for one in found.spec.rule_context or ():
        named = one.trigger
        trigger = ResourceRef(named.api_version, named.kind, named.name, named.namespace, uid=named.uid)
        owner = Owner(found.spec.policy, one.rule)
        yield owner, trigger, None if one.delete_downstream else _for(trigger, subject)


def _for(trigger: ResourceRef, subject: PolicySubject | None) -> PolicySubject:
    """The subject of the request; where there was none, nobody's."""
    return subject or PolicySubject(Resource(trigger, {}, Origin("update-request")))


def _subject(found: UpdateRequest, parent: ParentKind) -> PolicySubject | None:
    context = found.spec.context
    request = context.admission_request_info.admission_request
    if request is None:
        return None
    user = context.user_info
    subject = request_subject(request, parent, (user.roles or (), user.cluster_roles or ()))
    if not subject.user.username and user.user_info.username:
        asked = user.user_info
        roles, cluster_roles = user.roles or (), user.cluster_roles or ()
        told = UserInfo(asked.username, asked.uid, asked.groups or (), {}, roles, cluster_roles)
        return msgspec.structs.replace(subject, user=told)
    return subject
