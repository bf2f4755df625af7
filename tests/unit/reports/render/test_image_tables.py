from io import StringIO

import msgspec
import pytest
from rich.console import Console

from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.package import Distribution, Package
from propolis.images.model.vulnerability import Coverage, CoverageState, Matching
from propolis.reports.render.image_tables import render_image
from tests.harness.scanned import CONTENT, DEBIAN, IMAGE, MATCHING, SHELL, ZLIB


def text_of(
    content: ImageContent = CONTENT,
    matching: Matching = MATCHING,
    width: int = 140,
    *,
    colour: bool = False,
    image: Image = IMAGE,
) -> str:
    file = StringIO()
    console = Console(
        file=file,
        width=width,
        highlight=False,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    console.print(render_image(image, content, matching))
    return file.getvalue()


def test_the_headline_names_image_distribution_and_counts() -> None:
    lines = text_of().splitlines()
    assert lines[0] == "registry.example/shop/cart:1.2: Debian GNU/Linux 12 (bookworm), linux/amd64"
    assert lines[1] == "6 packages, 3 vulnerabilities  1 critical, 1 info, 1 unknown"
    assert lines[2] == "1 known to be exploited, 2 with a fix, 1 from the base image"


def test_a_row_says_what_is_installed_what_mends_it_and_where_it_came_from() -> None:
    rows = [line for line in text_of(width=200).splitlines() if "CVE-" in line]
    assert [word.strip() for word in rows[0].strip("│").split("│")] == [
        "critical", "CVE-2021-44228", "org.apache.logging.log4j:log4j-core", "2.14.1", "2.15.0", "app",
        "exploited",
    ]  # fmt: skip
    assert [word.strip() for word in rows[1].strip("│").split("│")][3:] == [
        "3.0.11-1~deb12u1", "none yet", "base", "",
    ]  # fmt: skip


def test_an_exploited_weakness_stands_before_others_as_bad() -> None:
    calm = msgspec.structs.replace(SHELL, id="CVE-2000-1", exploitation=None)
    text = text_of(matching=Matching((calm, SHELL), ()))
    assert text.index("CVE-2021-44228") < text.index("CVE-2000-1")


def test_what_is_not_known_is_told_beside_vulnerabilities() -> None:
    text = text_of()
    assert "What is not known" in text
    assert "the database holds nothing about Maven (2 packages)" in text
    assert "support of Debian 9 ended (1 package)" in text
    assert "versions that cannot be compared: mystery 1.0" in text
    assert "not read: app/broken.jar: no Java archive" in text


def test_silence_is_not_taken_for_safety() -> None:
    coverage = (Coverage("Debian:12", 1, CoverageState.NOTHING_KNOWN, "the database holds nothing"),)
    text = text_of(ImageContent(DEBIAN, (ZLIB,), ()), Matching((), coverage))
    assert "1 package, no known vulnerability" in text
    assert "the database holds nothing (1 package)" in text
    assert "Vulnerabilities" not in text


def test_an_image_of_which_all_is_known_says_no_more() -> None:
    coverage = (Coverage("Debian:12", 1, CoverageState.KNOWN),)
    text = text_of(ImageContent(DEBIAN, (ZLIB,), ()), Matching((), coverage))
    assert "What is not known" not in text


def test_many_versions_that_cannot_be_compared_are_counted() -> None:
    packages = tuple(Package("npm", f"p{number}", "x") for number in range(15))
    assert "and 5 more" in text_of(matching=Matching((), (), packages))


def test_severities_have_colours_on_a_terminal() -> None:
    assert "\x1b[1;37;41mcritical" in text_of(colour=True)


def test_no_control_character_of_an_image_reaches_the_terminal() -> None:
    named = msgspec.structs.replace(SHELL, package=Package("npm", "x\x1b[31m", "1\x9b"))
    content = ImageContent(Distribution("x", "1", "X\x1b]0;title"), (), ("a\x07b",))
    image = msgspec.structs.replace(IMAGE, names=("a\x1bb",), architecture="arm\x1b")
    text = text_of(content, Matching((named,), ()), image=image)
    assert not {"\x1b", "\x9b", "\x07"} & set(text)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    assert max(map(len, text_of(width=width).splitlines())) <= width
