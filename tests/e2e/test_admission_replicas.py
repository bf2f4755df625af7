"""Several replicas of admission behind one address, on a real API server."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from propolis.app.admission_authorities import AUTHORITY_LASTS, first_authorities
from propolis.core import clock
from tests.harness.admission import PRIVILEGED, Admission, pod, policy, until
from tests.harness.balancer import Balancer
from tests.harness.control_plane import ControlPlane
from tests.harness.hammer import Hammer

DAY = timedelta(days=1)


class Fleet:
    """Replicas of one admission server behind a balancer."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path, balancer: Balancer) -> None:
        self.plane, self.namespace = plane, namespace
        self.replicas: list[Admission] = []
        self._folder, self._balancer = folder, balancer

    def start(self) -> Admission:
        """One more."""
        folder = self._folder / str(len(self.replicas))
        folder.mkdir()
        replica = Admission(self.plane, self.namespace, folder)
        self.replicas.append(replica)
        secret = ["--certificates", f"secret:{self.namespace}/admission"]
        url = ["--url", f"https://127.0.0.1:{self._balancer.port}"]
        replica.start(policy("pods", self.namespace, PRIVILEGED), more=[*secret, *url])
        self._balancer.backends.append(replica.port)
        return replica

    def take_out(self, number: int) -> None:
        """No new connection goes to a replica, as a Service does with one that is not ready."""
        self._balancer.backends.remove(self.replicas[number].port)

    def patch(self, data: dict[str, bytes]) -> None:
        """Changes parts of the Secret."""
        texts = {name: base64.b64encode(value).decode() for name, value in data.items()}
        patch = json.dumps({"data": texts})
        done = self.plane.kubectl(
            "patch", "secret", "admission", "-n", self.namespace, "--type=merge", "-p", patch
        )
        assert done.returncode == 0, done.stderr

    def secret(self) -> dict[str, bytes]:
        """What the Secret holds."""
        found = self.plane.kubectl("get", "secret", "admission", "-n", self.namespace, "-o", "json")
        data: dict[str, str] = json.loads(found.stdout)["data"]
        return {name: base64.b64decode(text) for name, text in data.items() if text}

    def webhook(self) -> dict[str, Any]:
        """The webhook; empty where there is none."""
        name = self.replicas[0].name
        found = self.plane.kubectl("get", "validatingwebhookconfiguration", name, "-o", "json")
        return dict(json.loads(found.stdout)["webhooks"][0]) if found.returncode == 0 else {}

    def leases(self) -> int:
        """How many replicas say that they are there."""
        found = self.plane.kubectl("get", "leases", "-n", self.namespace, "-o", "name")
        return len(found.stdout.split())


@contextmanager
def fleet_of(plane: ControlPlane, namespace: str, folder: Path) -> Iterator[Fleet]:
    with Balancer() as balancer:
        fleet = Fleet(plane, namespace, folder, balancer)
        try:
            yield fleet
        finally:
            for replica in fleet.replicas:
                replica.clean()


@pytest.fixture
def fleet(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[Fleet]:
    with fleet_of(control_plane, namespace, tmp_path) as found:
        yield found


def hammered(fleet: Fleet) -> Hammer:
    return Hammer(fleet.plane, f"/api/v1/namespaces/{fleet.namespace}/pods", pod("a", privileged=True))


def test_replicas_share_an_authority_and_the_last_one_takes_the_webhooks(fleet: Fleet) -> None:
    first = fleet.start()
    until(lambda: first.refuses(pod("a", privileged=True)))
    kept = fleet.secret()
    second = fleet.start()
    assert fleet.secret() == kept
    assert fleet.leases() == 2
    assert first.stop() == 0
    assert fleet.leases() == 1
    assert fleet.webhook()
    assert second.refuses(pod("a", privileged=True))
    assert second.stop() == 0
    assert not fleet.webhook()
    assert fleet.leases() == 0


def test_nothing_is_let_in_while_replicas_are_killed_under_load(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.start()
    until(lambda: fleet.replicas[0].refuses(pod("a", privileged=True)))
    with hammered(fleet) as hammer:
        for _ in range(3):
            hammer.wait(50)
            fleet.replicas[-2].kill()
            hammer.wait(50)
            fleet.start()
    print(f"{hammer.refused:,} refused, {hammer.unjudged} without an answer of the webhook")
    assert hammer.allowed == 0
    assert not hammer.other
    assert hammer.refused > 100


def test_replicas_that_leave_on_purpose_drop_no_request(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.start()
    until(lambda: fleet.replicas[0].refuses(pod("a", privileged=True)))
    with hammered(fleet) as hammer:
        hammer.wait(100)
        fleet.take_out(0)
        assert fleet.replicas[0].stop() == 0
        hammer.wait(100)
    assert (hammer.allowed, hammer.unjudged, hammer.other) == (0, 0, [])


def test_another_authority_in_the_secret_is_taken_over_without_a_dropped_request(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.start()
    until(lambda: fleet.replicas[0].refuses(pod("a", privileged=True)))
    old = fleet.secret()["ca.crt"]
    coming = first_authorities(clock.now() - 2 * DAY).current
    ready = first_authorities(clock.now()).current
    with hammered(fleet) as hammer:
        hammer.wait(50)
        fleet.patch({"coming-ca.crt": ready.certificate, "coming-ca.key": ready.key})
        until(lambda: ready.certificate in base64.b64decode(fleet.webhook()["clientConfig"]["caBundle"]))
        hammer.wait(50)
        fleet.patch({"coming-ca.crt": coming.certificate, "coming-ca.key": coming.key})
        until(lambda: fleet.secret()["ca.crt"] == coming.certificate)
        until(lambda: all("another authority signs now" in " ".join(one.told) for one in fleet.replicas))
        hammer.wait(200)
    bundle = base64.b64decode(fleet.webhook()["clientConfig"]["caBundle"])
    assert coming.certificate in bundle
    assert old in bundle
    assert hammer.allowed == 0
    assert not hammer.other
    print(f"{hammer.refused:,} refused, {hammer.unjudged} without an answer of the webhook")


def test_an_authority_that_expired_while_all_were_stopped_is_made_anew(fleet: Fleet) -> None:
    expired = first_authorities(clock.now() - AUTHORITY_LASTS - DAY).current
    literal = [f"--from-literal=ca.crt={expired.certificate.decode()}"]
    literal += [f"--from-literal=ca.key={expired.key.decode()}"]
    made = fleet.plane.kubectl("create", "secret", "generic", "admission", "-n", fleet.namespace, *literal)
    assert made.returncode == 0, made.stderr
    replica = fleet.start()
    until(lambda: "denied the request" in replica.refuses(pod("a", privileged=True)))
    assert fleet.secret()["ca.crt"] != expired.certificate


def test_a_replica_that_was_killed_counts_until_its_lease_ends(fleet: Fleet) -> None:
    first, second = fleet.start(), fleet.start()
    until(lambda: first.refuses(pod("a", privileged=True)))
    first.kill()
    past = '{"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}}'
    assert second.stop() == 0
    assert fleet.webhook()
    third = fleet.start()
    names = fleet.plane.kubectl("get", "leases", "-n", fleet.namespace, "-o", "name").stdout.split()
    own = [name for name in names if third.told and name]
    assert len(own) == 2
    for name in own:
        fleet.plane.kubectl("patch", name, "-n", fleet.namespace, "--type=merge", "-p", past)
    assert third.stop() == 0
    assert not fleet.webhook()
