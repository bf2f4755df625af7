import subprocess
import sys

import pytest
from click.testing import CliRunner

from propolis import __version__
from propolis.cli.root import COMMANDS, cli, run
from propolis.core.errors import DocumentError, Place, SourceError

HEAVY = (
    "aiohttp",
    "alembic",
    "jinja2",
    "msgspec",
    "orjson",
    "rich",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "yaml",
    "yaml_rs",
)


def modules_loaded_by(*arguments: str) -> set[str]:
    code = (
        "import sys\n"
        "from propolis.cli.__main__ import main\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n' + ' '.join(sys.modules))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_version_loads_nothing_but_itself() -> None:
    loaded = {name for name in modules_loaded_by("--version") if name.startswith("propolis") or name in HEAVY}
    assert loaded == {"propolis", "propolis.cli", "propolis.cli.__main__"}
    assert "click" not in modules_loaded_by("--version")


@pytest.mark.parametrize("arguments", [("--help",), ("policy", "--help")])
def test_help_loads_no_room(arguments: tuple[str, ...]) -> None:
    loaded = modules_loaded_by(*arguments)
    assert loaded.isdisjoint(HEAVY)
    assert not any(name.startswith(("propolis.app", "propolis.store", "propolis.policy")) for name in loaded)


def test_the_version_is_the_packages() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert result.output == f"propolis {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_table_says(name: str) -> None:
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conquer"]) == 2
    assert "conquer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            DocumentError("no kind", Place("a.yaml", 3, 1), "a Kubernetes object"),
            2,
            "a.yaml:3:1: no kind; expected",
        ),
        (SourceError("list pods", "https://127.0.0.1", "refused", try_again=True), 3, "cannot list pods"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    told: str,
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr("propolis.cli.root.LazyGroup.get_command", fail)
    assert run(["assess"]) == code
    assert told in capsys.readouterr().err
