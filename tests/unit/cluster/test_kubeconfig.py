from pathlib import Path

import pytest

from propolis.cluster.kubeconfig import load_access
from propolis.core.errors import DocumentError

TWO_CONTEXTS = """\
apiVersion: v1
kind: Config
preferences: {}
current-context: first
contexts:
- name: first
  context: {cluster: here, user: me, namespace: shop}
- name: second
  context: {cluster: there, user: robot}
clusters:
- name: here
  cluster:
    server: https://here:6443
    certificate-authority: pki/ca.crt
    tls-server-name: api.here
    proxy-url: http://proxy:3128
    extensions: [{name: x, extension: {a: 1}}]
- name: there
  cluster: {server: "https://there", insecure-skip-tls-verify: true}
users:
- name: me
  user: {client-certificate: me.crt, client-key: /keys/me.key}
- name: robot
  user:
    token: abc
    tokenFile: token
    as: someone
    as-groups: [a, b]
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./plugin
      args: [login, --quietly]
      env: [{name: A, value: "1"}]
      installHint: install it
      interactiveMode: IfAvailable
      provideClusterInfo: true
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def error_of(path: Path, context: str = "") -> str:
    with pytest.raises(DocumentError) as raised:
        load_access([path], context)
    return str(raised.value)


def test_the_current_context_leads_to_its_cluster_and_user(tmp_path: Path) -> None:
    access = load_access([write(tmp_path / "config", TWO_CONTEXTS)])
    assert access.context == "first"
    assert access.cluster.server == "https://here:6443"
    assert access.cluster.certificate_authority == str(tmp_path / "pki" / "ca.crt")
    assert access.cluster.tls_server_name == "api.here"
    assert access.cluster.proxy_url == "http://proxy:3128"
    assert access.user.client_certificate == str(tmp_path / "me.crt")
    assert access.user.client_key == "/keys/me.key"


def test_a_context_may_be_named(tmp_path: Path) -> None:
    access = load_access([write(tmp_path / "config", TWO_CONTEXTS)], "second")
    assert access.cluster.insecure_skip_tls_verify
    user = access.user
    assert (user.token, user.token_file, user.as_, user.as_groups) == (
        "abc",
        str(tmp_path / "token"),
        "someone",
        ("a", "b"),
    )
    assert user.exec_ is not None
    assert user.exec_.command == "./plugin"
    assert user.exec_.args == ("login", "--quietly")
    assert user.exec_.env is not None
    assert user.exec_.env[0].value == "1"
    assert user.exec_.provide_cluster_info
    assert access.folder == tmp_path


def test_of_several_files_the_first_that_names_a_thing_wins(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    first = write(
        tmp_path / "deep" / "first",
        "clusters: [{name: here, cluster: {server: 'https://other', certificate-authority: ca.crt}}]\n"
        "users: null\n",
    )
    second = write(tmp_path / "second", TWO_CONTEXTS)
    access = load_access([tmp_path / "absent", first, second])
    assert access.context == "first"
    assert access.cluster.server == "https://other"
    assert access.cluster.certificate_authority == str(tmp_path / "deep" / "ca.crt")
    assert access.user.client_certificate == str(tmp_path / "me.crt")


def test_no_kubeconfig_at_all_says_what_to_do(tmp_path: Path) -> None:
    assert "KUBECONFIG" in error_of(tmp_path / "absent")


@pytest.mark.parametrize(
    ("context", "old", "new", "text"),
    [
        ("third", "", "", "there is no context 'third'; expected one of first, second"),
        ("", "current-context: first", "current-context:", "expected --cluster with one of first, second"),
        ("", "cluster: here,", "cluster: gone,", "names the cluster 'gone'"),
        (
            "",
            "user: me,",
            "user: gone,",
            "names the user 'gone', which is not there; expected one of me, robot",
        ),
        ("", "server: https://here:6443", "server: ''", "the cluster 'here' has no server"),
        ("", "name: me\n", "name: 7\n", "is no kubeconfig: Expected `str`, got `int`"),
        ("", "clusters:\n", "clusters: 7\nothers:\n", "is no kubeconfig"),
        ("", "users:\n", "users: [\n", "config:"),
        ("second", "command: ./plugin", "comand: ./plugin", "missing required field `command`"),
    ],
)
def test_a_damaged_kubeconfig_says_what_is_wrong(
    tmp_path: Path, context: str, old: str, new: str, text: str
) -> None:
    assert old in TWO_CONTEXTS
    path = write(tmp_path / "config", TWO_CONTEXTS.replace(old, new) if old else TWO_CONTEXTS)
    assert text in error_of(path, context)


def test_an_empty_file_has_no_contexts(tmp_path: Path) -> None:
    assert "a kubeconfig with contexts" in error_of(write(tmp_path / "config", "# nothing\n"))


def test_a_user_without_anything_is_anonymous(tmp_path: Path) -> None:
    text = "contexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'http://h'}}]\n"
    access = load_access([write(tmp_path / "config", text + "users: [{name: u, user: null}]\n")], "a")
    assert access.user.token == ""
