"""A scanned image made by hand: two layers, packages of Debian and of languages, a few weaknesses."""

from datetime import UTC, date, datetime

from propolis.core.finding import Severity
from propolis.core.resource import ResourceRef
from propolis.images.engine.merge import ImageContent
from propolis.images.model.advisory import Score, ScoreKind
from propolis.images.model.exploitation import Exploitation
from propolis.images.model.image import Image, ImageLayer
from propolis.images.model.package import Distribution, Package
from propolis.images.model.packed import Facts, Texts
from propolis.images.model.vulnerability import (
    Coverage,
    CoverageState,
    Fix,
    Judgement,
    Matching,
    Vulnerability,
)

NOW = datetime(2026, 3, 1, 12, 30, 5, 999, tzinfo=UTC)
BASE = f"sha256:{'1' * 64}"
OWN = f"sha256:{'2' * 64}"
IMAGE_ID = f"sha256:{'a' * 64}"
DIGEST = f"sha256:{'b' * 64}"
REPLICA_SET = ResourceRef("apps/v1", "ReplicaSet", "cart-6d4cf56db6", "shop", "local", "uid-1")

IMAGE = Image(
    id=IMAGE_ID,
    digest=DIGEST,
    names=("registry.example/shop/cart:1.2",),
    os="linux",
    architecture="amd64",
    created=datetime(2026, 1, 1, tzinfo=UTC),
    layers=(
        ImageLayer(BASE, f"sha256:{'3' * 64}", "ADD rootfs.tar /", is_base=True),
        ImageLayer(OWN, f"sha256:{'4' * 64}", "COPY app /app"),
    ),
)
DEBIAN = Distribution("debian", "12", "Debian GNU/Linux 12 (bookworm)", "bookworm")
DPKG = "var/lib/dpkg/status"
OPENSSL = Package(
    "deb", "libssl3", "3.0.11-1~deb12u1", source_name="openssl", architecture="amd64", path=DPKG, layer=BASE,
    is_base=True,
)  # fmt: skip
ZLIB = Package(
    "deb", "zlib1g", "1:1.2.13.dfsg-1", source_name="zlib", architecture="amd64", licences=("Zlib",),
    path=DPKG, layer=BASE, is_base=True,
)  # fmt: skip
LOG4J = Package(
    "maven", "org.apache.logging.log4j:log4j-core", "2.14.1", path="app/lib/log4j-core.jar", layer=OWN
)
FLASK = Package(
    "pypi", "Flask", "2.0.0", licences=("BSD-3-Clause",), path="app/Flask.dist-info/METADATA", layer=OWN
)
FLASK_AGAIN = Package(
    "pypi", "Flask", "2.0.0", licences=("BSD-3-Clause",), path="opt/Flask.dist-info/METADATA", layer=OWN
)
UNKNOWN_JAR = Package(
    "maven",
    "mystery",
    "1.0",
    licences=("The Mystery Licence", "MIT"),
    path="app/lib/mystery-1.0.jar",
    layer=OWN,
)
CONTENT = ImageContent(
    DEBIAN, (OPENSSL, ZLIB, LOG4J, UNKNOWN_JAR, FLASK, FLASK_AGAIN), ("app/broken.jar: no Java archive",)
)

SHELL = Vulnerability(
    id="CVE-2021-44228",
    names=("GHSA-jfh8-c2jp-5v3q",),
    package=LOG4J,
    ecosystem="Maven",
    affected_package=LOG4J.name,
    fixed_version="2.15.0",
    fixes=(Fix("GHSA-jfh8-c2jp-5v3q", "2.15.0"),),
    judgement=Judgement(
        Severity.CRITICAL,
        "GHSA-jfh8-c2jp-5v3q",
        Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"),
        10.0,
    ),
    exploitation=Exploitation("CVE-2021-44228", exploited_since="2021-12-10", is_ransomware=True),
    advisories=(7,),
)
POLY = Vulnerability(
    id="CVE-2023-6129",
    names=("DSA-5600-1",),
    package=OPENSSL,
    ecosystem="Debian:12",
    affected_package="openssl",
    fixed_version="",
    fixes=(Fix("CVE-2023-6129", ""),),
    judgement=Judgement(Severity.INFO, "Ubuntu"),
    exploitation=None,
    advisories=(8,),
)
COOKIE = Vulnerability(
    id="GHSA-m2qf-hxjv-5gpq",
    names=("PYSEC-2023-62",),
    package=FLASK,
    ecosystem="PyPI",
    affected_package="flask",
    fixed_version="2.2.5",
    fixes=(Fix("GHSA-m2qf-hxjv-5gpq", "2.2.5"),),
    judgement=Judgement(),
    exploitation=None,
    advisories=(),
)
COVERAGE = (
    Coverage("Debian:12", 2, CoverageState.KNOWN),
    Coverage("Maven", 2, CoverageState.NOTHING_KNOWN, "the database holds nothing about Maven"),
    Coverage("Debian:9", 1, CoverageState.END_OF_LIFE, "support of Debian 9 ended", date(2022, 6, 30)),
)
MATCHING = Matching((POLY, COOKIE, SHELL), COVERAGE, (UNKNOWN_JAR,))
FACTS = {7: Facts("GHSA-jfh8-c2jp-5v3q", modified=1_700_000_000, published=1_639_094_400)}
TEXTS = {
    7: Texts(
        "Remote code injection in Log4j",
        "Long text",
        ("https://b.example/2", "https://a.example/1", "javascript:alert(1)"),
    ),
    8: Texts("", "POLY1305 on PowerPC\nmore lines"),
}
