import base64
import json
import urllib.request

from tests.harness.control_plane import ControlPlane


def test_the_api_server_answers_its_administrator(control_plane: ControlPlane) -> None:
    version = control_plane.kubectl("version", "-o", "json")
    assert version.returncode == 0, version.stderr
    assert json.loads(version.stdout)["serverVersion"]["gitVersion"].startswith("v1.")


def test_what_was_written_is_there_after_the_api_server_starts_again(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = control_plane.kubectl("create", "configmap", "kept", "-n", namespace, "--from-literal=a=b")
    assert made.returncode == 0, made.stderr
    control_plane.stop("kube-apiserver")
    control_plane.start_api_server()
    read = control_plane.kubectl("get", "configmap", "kept", "-n", namespace, "-o", "jsonpath={.data.a}")
    assert read.stdout == "b", read.stderr


def test_requests_are_in_the_audit_log(control_plane: ControlPlane, namespace: str) -> None:
    events = map(json.loads, (control_plane.folder / "audit.log").read_text().splitlines())
    created = [
        event for event in events if event["verb"] == "create" and event["objectRef"].get("name") == namespace
    ]
    assert [event["user"]["username"] for event in created] == ["admin"]


def test_secrets_are_encrypted_in_the_store(control_plane: ControlPlane, namespace: str) -> None:
    made = control_plane.kubectl(
        "create", "secret", "generic", "kept", "-n", namespace, "--from-literal=a=plain"
    )
    assert made.returncode == 0, made.stderr
    key = base64.b64encode(f"/registry/secrets/{namespace}/kept".encode()).decode()
    request = urllib.request.Request(f"{control_plane.etcd}/v3/kv/range", json.dumps({"key": key}).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request) as answer:
        [found] = json.load(answer)["kvs"]
    value = base64.b64decode(found["value"])
    assert value.startswith(b"k8s:enc:secretbox:v1:first:")
    assert b"plain" not in value
