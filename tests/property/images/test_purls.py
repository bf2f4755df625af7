"""A package URL names the package from which it was made."""

import string

from hypothesis import example, given
from hypothesis import strategies as st

from propolis.images.model.package import Distribution, Package
from propolis.images.model.purl import package_of, purl_of

WORDS = st.text(string.ascii_lowercase + string.digits + "-+", min_size=1, max_size=12)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9a-z]{1,4}){0,3}([~+-][0-9a-z.]{1,6})?", fullmatch=True)
EPOCHS = st.sampled_from(["", "1:", "32:"])
ARCHITECTURES = st.sampled_from(["", "amd64", "x86_64", "all"])
DISTRIBUTIONS = st.builds(
    Distribution,
    st.sampled_from(["debian", "alpine", "rhel", "amzn", "sles"]),
    st.sampled_from(["", "9", "3.18.4"]),
)
SYSTEM = st.builds(
    lambda kind, name, epoch, version, architecture, module: Package(
        kind, name, epoch + version, architecture=architecture, module=module
    ),
    st.sampled_from(["deb", "apk", "rpm"]),
    WORDS,
    EPOCHS,
    VERSIONS,
    ARCHITECTURES,
    st.sampled_from(["", "nodejs:18"]),
)
NAMES = {
    "pypi": WORDS,
    "gem": WORDS,
    "cargo": WORDS,
    "nuget": WORDS,
    "npm": st.one_of(WORDS, st.builds("@{}/{}".format, WORDS, WORDS)),
    "golang": st.builds("{}.org/{}/{}".format, WORDS, WORDS, WORDS),
    "composer": st.builds("{}/{}".format, WORDS, WORDS),
    "maven": st.builds("{}.{}:{}".format, WORDS, WORDS, WORDS),
}
OTHERS = st.sampled_from(sorted(NAMES)).flatmap(
    lambda kind: st.builds(Package, st.just(kind), NAMES[kind], VERSIONS)
)


@given(st.one_of(SYSTEM, OTHERS), DISTRIBUTIONS)
def test_building_and_parsing_give_the_same_package(package: Package, distribution: Distribution) -> None:
    assert package_of(purl_of(package, distribution)) == package


@given(st.builds(Package, st.sampled_from([*NAMES, "deb"]), st.text(), st.text()), DISTRIBUTIONS)
@example(Package("pypi", " ", ""), Distribution("debian", ""))
@example(Package("pypi", "/ /", ""), Distribution("debian", ""))
def test_whatever_an_image_says_there_is_a_right_url_or_none(
    package: Package, distribution: Distribution
) -> None:
    text = purl_of(package, distribution)
    assert text == "" or purl_of(package_of(text), distribution) == text
