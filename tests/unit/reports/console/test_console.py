from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import ASGIApp

from propolis.reports.console.application import build_application
from propolis.store.database import open_database
from tests.harness.asgi import ask
from tests.harness.stored import CART, PAGES, open_store

HTML = {"accept": "text/html"}


@pytest.fixture
def console(tmp_path: Path) -> ASGIApp:
    return build_application(open_store(tmp_path))


def test_findings_come_in_pages_the_worst_first(console: ASGIApp) -> None:
    everything = ask(console, "/api/v1/findings").json
    assert everything["total"] == 4
    assert [item["severity"] for item in everything["items"]] == ["critical", "high", "medium", "medium"]
    second = ask(console, "/api/v1/findings?offset=1&limit=1").json
    assert (second["total"], [item["rule"] for item in second["items"]]) == (4, ["cluster-admin"])


@pytest.mark.parametrize(
    ("query", "rules"),
    [
        ("source=policy", ["run-as-non-root", "run-as-non-root"]),
        ("severity=critical,high", ["KSV-0017", "cluster-admin"]),
        ("severity=critical&severity=high", ["KSV-0017", "cluster-admin"]),
        ("outcome=warn", ["cluster-admin"]),
        ("namespace=shop", ["run-as-non-root"]),
        ("kind=ClusterRoleBinding", ["cluster-admin"]),
        ("name=cart", ["run-as-non-root"]),
        ("rule=KSV-0017", ["KSV-0017"]),
        ("change=new&namespace=web", ["KSV-0017"]),
        ("q=PRIVILEGED", ["KSV-0017"]),
        ("namespace=nowhere", []),
    ],
)
def test_findings_are_filtered(console: ASGIApp, query: str, rules: list[str]) -> None:
    assert [item["rule"] for item in ask(console, f"/api/v1/findings?{query}").json["items"]] == rules


@pytest.mark.parametrize(
    ("address", "status", "word"),
    [
        ("/api/v1/findings?severity=awful", 400, "not one of"),
        ("/api/v1/findings?limit=-1", 400, "not a number"),
        ("/api/v1/findings?limit=99999999999999999999", 400, "not a number"),
        ("/api/v1/findings?limit=1001", 400, "from 0 to 1000"),
        ("/api/v1/findings?q=" + "x" * 501, 400, "longer than"),
        ("/api/v1/findings/xyz", 400, "hexadecimal"),
        ("/api/v1/findings/" + "0" * 32, 404, "no finding"),
        ("/api/v1/nothing", 404, "Not Found"),
    ],
)
def test_wrong_questions_get_an_answer_that_says_what_is_wrong(
    console: ASGIApp, address: str, status: int, word: str
) -> None:
    answer = ask(console, address)
    assert answer.status == status
    assert word in answer.json["error"]


def test_one_finding_is_found_by_its_fingerprint(console: ASGIApp) -> None:
    first = ask(console, "/api/v1/findings?limit=1").json["items"][0]
    assert ask(console, f"/api/v1/findings/{first['fingerprint']}").json == first


def test_workloads_fixes_and_runs_are_told(console: ASGIApp) -> None:
    assert [item["resource"]["name"] for item in ask(console, "/api/v1/workloads").json["items"]] == [
        "pages",
        "cart",
    ]
    assert ask(console, "/api/v1/fixes?limit=1").json["items"][0]["remedy"] == "drop-privileged"
    assert ask(console, "/api/v1/runs").json["items"][0]["summary"]["resources"] == 3


def test_it_is_ready_once_a_run_is_stored(console: ASGIApp, tmp_path: Path) -> None:
    empty = build_application(open_database(tmp_path / "empty.db"))
    assert ask(empty, "/readyz").status == 503
    assert ask(empty, "/healthz").status == 200
    assert ask(console, "/readyz").status == 200


def test_pages_of_an_empty_store_say_what_to_do(tmp_path: Path) -> None:
    empty = build_application(open_database(tmp_path / "empty.db"))
    for address in ("/", "/workloads", "/findings"):
        answer = ask(empty, address)
        assert answer.status == 200
        assert "propolis assess" in answer.text


def test_metrics_are_in_the_prometheus_format(console: ASGIApp) -> None:
    families = {
        family.name: family for family in text_string_to_metric_families(ask(console, "/metrics").text)
    }
    labels = {"cluster": "local", "source": "config-audit", "severity": "critical", "namespace": "web"}
    assert (labels, 1) in [
        (sample.labels, sample.value) for sample in families["propolis_open_findings"].samples
    ]
    assert families["propolis_workloads"].samples[0].value == 2
    assert "process_cpu_seconds" in families


def test_the_overview_shows_fixes_workloads_and_the_trend(console: ASGIApp) -> None:
    text = ask(console, "/").text
    assert "Stop running privileged containers in Deployment pages of web" in text
    assert 'data-trend="{&#34;' in text
    assert "1 input could not be used" in text


def test_what_strangers_wrote_is_escaped(console: ASGIApp) -> None:
    text = ask(console, f"/workload?key={PAGES.key}".replace("|", "%7C")).text
    assert "&lt;b&gt;nginx&lt;/b&gt;" in text
    assert "<b>nginx</b>" not in text


def test_the_workload_page_shows_the_sum(console: ASGIApp) -> None:
    text = ask(console, f"/workload?key={PAGES.key}".replace("|", "%7C")).text
    assert "\N{MULTIPLICATION SIGN} 2.0" in text
    assert "40 points" in text


def test_workloads_are_filtered_and_sorted(console: ASGIApp) -> None:
    assert "1 of 2 workloads" in ask(console, "/workloads?q=cart").text
    assert "1 of 2 workloads" in ask(console, "/workloads?team=web").text
    text = ask(console, "/workloads?sort=name").text
    assert text.index(">cart</a>") < text.index(">pages</a>")
    assert ask(console, "/workloads?sort=nonsense").status == 400


def test_findings_page_shows_open_ones_and_keeps_its_filter(console: ASGIApp) -> None:
    text = ask(console, "/findings?namespace=shop").text
    assert "1 finding" in text
    assert "<option selected>shop</option>" in text


def test_an_unknown_workload_is_not_found(console: ASGIApp) -> None:
    assert ask(console, "/workload?key=nothing").status == 404


def test_pages_let_nothing_from_elsewhere_in(console: ASGIApp) -> None:
    for address in ("/", "/static/console.css", "/api/v1/runs"):
        policy = ask(console, address).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""])
def test_other_host_names_are_refused_on_this_machine(console: ASGIApp, host: str) -> None:
    assert ask(console, "/api/v1/findings", {"host": host}).status == 421


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8080", "[::1]"])
def test_host_names_of_this_machine_are_answered(console: ASGIApp, host: str) -> None:
    assert ask(console, "/healthz", {"host": host}).status == 200


@pytest.fixture
def guarded(tmp_path: Path) -> ASGIApp:
    return build_application(open_store(tmp_path), token="a-secret", only_local=False)  # noqa: S106  # of this test


def test_a_token_is_asked_for(guarded: ASGIApp) -> None:
    assert ask(guarded, "/api/v1/findings").status == 401
    assert ask(guarded, "/metrics", HTML).status == 401
    assert ask(guarded, "/", HTML).headers["location"] == "/sign-in"
    assert ask(guarded, "/healthz").status == 200
    assert ask(guarded, "/api/v1/findings", {"authorization": "Bearer wrong"}).status == 401
    assert ask(guarded, "/api/v1/findings", {"authorization": "Bearer a-secret"}).status == 200


def test_the_sign_in_page_gives_a_session_for_the_right_token_only(guarded: ASGIApp) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert "Token" in ask(guarded, "/sign-in").text
    assert ask(guarded, "/sign-in", form, "POST", b"token=wrong").status == 403
    answer = ask(guarded, "/sign-in", form, "POST", b"token=a-secret")
    cookie = answer.headers["set-cookie"]
    assert "a-secret" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ask(guarded, "/", {"cookie": cookie.partition(";")[0]}).status == 200
    assert ask(guarded, "/", {"cookie": "propolis-session=wrong", **HTML}).status == 303


def test_a_broken_store_answers_503(tmp_path: Path) -> None:
    database = open_store(tmp_path)
    console = build_application(database)
    (tmp_path / "store.db").write_bytes(b"no database" * 1000)
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"store.db{suffix}").unlink(missing_ok=True)
    assert ask(console, "/api/v1/findings").status == 503
    assert ask(console, "/readyz").status == 503


def test_no_page_leads_out_of_the_static_folder(console: ASGIApp) -> None:
    assert ask(console, "/static/../application.py").status == 404
    assert CART.key not in ask(console, "/static/console.css").text
