import pytest

from propolis.core.errors import DocumentError, LimitError
from propolis.images.model.package import Distribution, Package
from propolis.images.model.purl import image_purl, package_of, purl_of

DEBIAN = Distribution("debian", "12")
ALPINE = Distribution("alpine", "3.18.4")
RED_HAT = Distribution("rhel", "9.3")


@pytest.mark.parametrize(
    ("package", "distribution", "text"),
    [
        (
            Package("deb", "libstdc++6", "12.2.0-14", architecture="amd64"),
            DEBIAN,
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12",
        ),
        (
            Package("deb", "zlib1g", "1:1.2.13.dfsg-1", architecture="amd64"),
            DEBIAN,
            "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12",
        ),
        (
            Package("apk", "musl", "1.2.4-r2", architecture="x86_64"),
            ALPINE,
            "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.4",
        ),
        (
            Package("rpm", "nodejs", "1:18-1.el9", architecture="x86_64", module="nodejs:18"),
            RED_HAT,
            "pkg:rpm/redhat/nodejs@18-1.el9?arch=x86_64&distro=rhel-9.3&epoch=1&modularitylabel=nodejs:18",
        ),
        (
            Package("rpm", "bash", "5.1.8-6.el9_1"),
            Distribution("almalinux", "9.2"),
            "pkg:rpm/alma/bash@5.1.8-6.el9_1?distro=almalinux-9.2",
        ),
        (Package("pypi", "Flask_Cors", "4.0.0"), DEBIAN, "pkg:pypi/flask-cors@4.0.0"),
        (Package("npm", "@babel/core", "7.23.0"), None, "pkg:npm/%40babel/core@7.23.0"),
        (Package("golang", "golang.org/x/net", "v0.17.0"), None, "pkg:golang/golang.org/x/net@v0.17.0"),
        (Package("golang", "stdlib", "1.21.0"), None, "pkg:golang/stdlib@1.21.0"),
        (
            Package("maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
            None,
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        ),
        (Package("gem", "rails", "7.0.4"), None, "pkg:gem/rails@7.0.4"),
        (Package("cargo", "openssl-sys", "0.9.80"), None, "pkg:cargo/openssl-sys@0.9.80"),
        (Package("composer", "Laravel/Framework", "v10.0.0"), None, "pkg:composer/laravel/framework@v10.0.0"),
    ],
)
def test_every_type_has_its_form(package: Package, distribution: Distribution | None, text: str) -> None:
    assert purl_of(package, distribution) == text


@pytest.mark.parametrize(
    "package",
    [
        Package("deb", "bash", "5.2"),
        Package("maven", "log4j-core", "2.14.1"),
        Package("composer", "app", "1"),
    ],
)
def test_a_package_whose_namespace_is_unknown_has_none(package: Package) -> None:
    assert purl_of(package, None) == ""


def test_a_package_without_a_name_has_none() -> None:
    assert purl_of(Package("npm", "", "1"), None) == ""


def test_an_epoch_is_read_from_a_qualifier_too() -> None:
    assert package_of("pkg:deb/debian/zlib1g@1.2.13?epoch=1").version == "1:1.2.13"


@pytest.mark.parametrize("text", ["", "log4j", "pkg:maven", "pkg:deb/bash@5", "pkg:pypi/a/b@1", "pkg:/x"])
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="package URL"):
        package_of(text)


def test_a_package_url_has_a_length() -> None:
    with pytest.raises(LimitError):
        package_of("pkg:npm/" + "a" * 5000)


def test_an_image_is_named_by_its_digest_and_repository() -> None:
    text = image_purl("web", "sha256:" + "ab" * 32, "registry.example/shop/web", "amd64")
    assert text == (f"pkg:oci/web@sha256:{'ab' * 32}?arch=amd64&repository_url=registry.example%2Fshop%2Fweb")
