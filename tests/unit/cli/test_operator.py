"""The command of background scans."""

import pytest

from propolis.app.operator import first_error
from propolis.cli.root import EXIT_INPUT, EXIT_WORLD, run
from propolis.core.errors import DocumentError, SourceError


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "there is nothing to judge by"),
        (["--from-cluster", "--settings", "kyverno"], "--settings 'kyverno' names no object"),
        (["--from-cluster", "--lease", "/scan"], "--lease '/scan' names no object"),
        (["--from-cluster", "--settings", "a/b", "--settings-file", "x"], "settings come from one place"),
        (["--policies", "absent.yaml"], "absent.yaml"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["operator", *arguments]) == EXIT_INPUT
    assert told in capsys.readouterr().err


def test_a_server_that_does_not_answer_is_told(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = tmp_path_factory.mktemp("kube") / "config"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
        "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "users: [{name: a, user: {}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    )
    arguments = ["operator", "--from-cluster", "--port", "0", "--kubeconfig", str(kubeconfig)]
    assert run(arguments) == EXIT_WORLD
    assert "http://127.0.0.1:1" in capsys.readouterr().err


def test_of_all_that_went_wrong_at_once_the_error_for_people_is_told() -> None:
    found = DocumentError("wrong")
    group = BaseExceptionGroup(
        "all", [ValueError(), BaseExceptionGroup("some", [found, SourceError("a", "b", "c")])]
    )
    assert first_error(group) is found
    alone = BaseExceptionGroup("all", [ValueError()])
    assert first_error(alone) is alone
