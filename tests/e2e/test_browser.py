"""The console in a real browser: every page, filters, the keyboard, no error, no request to elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


class Watched:
    """A page, what it asked for, and what went wrong on it."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home
        self.hosts: set[str] = set()
        self.wrong: list[str] = []
        page.on("request", self._on_request)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.hosts.add(urlsplit(request.url).netloc)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def open(self, address: str) -> None:
        answer = self.page.goto(self.home + address, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, address


@pytest.fixture
def watched(browser: Browser, console: str) -> Iterator[Watched]:
    """A page on which nothing may go wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = Watched(context.new_page(), console)
    yield found
    context.close()
    assert found.wrong == []
    assert found.hosts == {urlsplit(console).netloc}


def test_the_overview_says_what_to_fix_first_and_draws_the_trend(watched: Watched) -> None:
    watched.open("/")
    first = watched.page.locator(".fixes li").first
    expect(first.locator(".rank")).to_have_text("1")
    expect(watched.page.locator("#trend canvas")).to_be_visible()
    first.locator("summary").click()
    expect(first.locator(".targets li").first).to_be_visible()


def test_the_pages_lead_from_the_cluster_to_a_finding(watched: Watched) -> None:
    page = watched.page
    watched.open("/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Workloads").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Workloads")
    page.get_by_role("link", name="log-collector").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("log-collector")
    expect(page.get_by_text("a break-out of collector owns the node")).to_be_visible()
    page.locator("table.findings summary").first.click()
    expect(page.locator("table.findings details[open] dl").first).to_be_visible()


def test_typing_a_filter_changes_the_list_without_loading_the_page_again(watched: Watched) -> None:
    page = watched.page
    watched.open("/workloads")
    before = page.locator("tbody tr").count()
    page.evaluate("window.stayed = true")
    page.get_by_label("Search").press_sequentially("postgres")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert before > 2
    assert page.evaluate("window.stayed") is True
    assert "q=postgres" in page.url
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(before)


def test_choosing_a_namespace_filters_and_a_column_sorts(watched: Watched) -> None:
    page = watched.page
    watched.open("/workloads")
    page.get_by_label("Namespace").select_option("platform")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Workload", exact=True).click()
    names = page.locator("tbody tr td:first-child a").all_inner_texts()
    assert names == sorted(names)
    assert len(names) == 2


def test_findings_filter_and_turn_pages(watched: Watched) -> None:
    page = watched.page
    watched.open("/findings")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51 to")
    page.get_by_label("Severity").select_option("critical")
    expect(page.locator("#list")).not_to_contain_text("51 to")
    kinds = set(page.locator("tbody .severity").all_inner_texts())
    assert kinds == {"critical"}


def test_the_list_of_fixed_findings_shows_what_the_rollout_mended(watched: Watched) -> None:
    watched.open("/")
    watched.page.locator(".tile", has_text="fixed").click()
    expect(watched.page.locator("tbody tr").first).to_be_visible()
    expect(watched.page.locator("#list")).to_contain_text("pages")


def test_an_image_leads_to_a_vulnerability_and_back_to_the_workload(watched: Watched) -> None:
    page = watched.page
    watched.open("/images")
    page.get_by_role("link", name="cart:1.19").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("cart:1.19")
    page.locator("table.findings summary").first.click()
    page.locator(".plain a").first.click()
    expect(page.get_by_role("heading", name="Where it is")).to_be_visible()
    page.locator("tbody tr", has_text="cart:1.19").get_by_role("link", name="cart", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("cart")


def test_the_keyboard_reaches_everything(watched: Watched) -> None:
    page = watched.page
    watched.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".fixes details[open]")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_the_window(
    browser: Browser, console: str, size: str, scheme: str, tmp_path: Path
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    watched = Watched(context.new_page(), console)
    for name, address in {
        "overview": "/",
        "workloads": "/workloads",
        "images": "/images",
        "findings": "/findings",
    }.items():
        watched.open(address)
        watched.page.screenshot(path=tmp_path / f"{name}.png")
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, name
    watched.open("/workloads")
    watched.page.locator("tbody a").first.click()
    watched.page.wait_for_load_state("networkidle")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.wrong == []
    context.close()


def test_pages_work_without_scripts(browser: Browser, console: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{console}/workloads")
    page.get_by_label("Search").fill("cart")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    context.close()
