import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from propolis.app.custom_resources import custom_resources
from propolis.policy.model.schema.kinds import KINDS, REPORTS
from tests.harness.admission import Admission
from tests.harness.control_plane import ControlPlane, NotBuiltError, build
from tests.harness.kwok import NODE, PROGRAM, FakeNode

ROOT = Path(__file__).parents[2]
PROPOLIS = Path(sys.executable).parent / "propolis"
START_SECONDS = 60
PATH = os.environ["PATH"]  # noqa: TID251  # a test's setting

Propolis = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all runs, so that the shipped advisories are unpacked once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images of the example cluster."""
    folder = tmp_path_factory.mktemp("images")
    command = [sys.executable, "-m", "tools.build_example_images", "--into", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture
def propolis(tmp_path: Path, cache: Path) -> Propolis:
    """Runs the installed program in an empty folder."""

    def run(
        *arguments: str, stdin: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        env = {"PATH": PATH, "HOME": str(tmp_path), "PROPOLIS_CACHE": str(cache), **environment}
        return subprocess.run(
            [str(PROPOLIS), *arguments],
            cwd=tmp_path,
            input=stdin,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def address_told(process: subprocess.Popen[str]) -> str:
    """The address that a serving process tells on standard error once it listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Console: "):
            return line.split()[1]
    raise AssertionError(f"the process ended with {process.wait()} and told no address")


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory, images: Path, cache: Path) -> Iterator[str]:
    """The address of a console over both states of the example."""
    folder = tmp_path_factory.mktemp("console")
    for state in ("shop", "shop-after"):
        command = [
            str(PROPOLIS),
            "assess",
            "--manifests",
            str(ROOT / "examples" / state),
            "--images",
            str(images),
        ]
        env = {"PATH": PATH, "PROPOLIS_CACHE": str(cache)}
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    command = [str(PROPOLIS), "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        yield address_told(process)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    return found


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server with etcd and controllers; all tests share it, each in a namespace of its own."""
    try:
        program = build()
    except NotBuiltError as error:
        pytest.skip(f"NO CONTROL PLANE, so nothing is tested against a real API server: {error}")
    with ControlPlane(program, tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


@pytest.fixture(scope="module")
def fake_node(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a node on which pods seem to run, for as long as the tests of a module."""
    try:
        program = PROGRAM.build()
    except NotBuiltError as error:
        pytest.skip(f"NO KWOK, so no test sees a pod that runs: {error}")
    with FakeNode(control_plane, program, tmp_path_factory.mktemp("kwok")):
        yield NODE


@pytest.fixture(scope="session")
def served_kinds(control_plane: ControlPlane) -> ControlPlane:
    """The control plane once it serves our kinds. They stay: to delete a definition may take minutes."""
    text = "\n---\n".join(map(json.dumps, custom_resources()))
    made = control_plane.kubectl("apply", "-f", "-", stdin=text)
    assert made.returncode == 0, made.stderr
    names = [f"crd/{one['metadata']['name']}" for one in custom_resources()]
    waited = control_plane.kubectl("wait", "--for=condition=Established", *names, "--timeout=60s")
    assert waited.returncode == 0, waited.stderr
    return control_plane


@pytest.fixture
def policy_kinds(served_kinds: ControlPlane) -> Iterator[ControlPlane]:
    """A control plane that serves our kinds; the policies of a test go with it."""
    yield served_kinds
    plurals = ",".join(f"{one.plural}.{one.group}" for one in KINDS if one.group != REPORTS)
    served_kinds.kubectl("delete", plurals, "--all", "--all-namespaces")


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace of one test, once controllers have put into it what every namespace has."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    account = ("serviceaccount/default", "-n", name, "--for=create", "--timeout=60s")
    for arguments in (("create", "namespace", name), ("wait", *account)):
        done = control_plane.kubectl(*arguments)
        assert done.returncode == 0, done.stderr
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def admission(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[Admission]:
    found = Admission(control_plane, namespace, tmp_path)
    try:
        yield found
    finally:
        found.clean()
