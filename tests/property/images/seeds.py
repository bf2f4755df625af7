"""One small valid file of every format that is read in images."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping

from tools.example_images.elf import elf_of
from tools.example_images.go_program import build_information
from tools.example_images.recipe import GoProgram
from tools.example_images.rpm_database import header, rpm_database

from tests.harness.layers import tar_of
from tests.harness.rpm_databases import bdb_of, ndb_of

LINES = ("bash 5.1.8-6.el9", "openssl-libs 1:3.0.7-16.el9_2 openssl openssl:3:1", "tar 2:1.34-6.el9")
HEADERS = tuple(header(line) for line in LINES)
GO = GoProgram("app", "go1.21.5", "shop.example/app v1.0.0", ("golang.org/x/net v0.17.0",))
CRATES = {"packages": [{"name": "serde", "version": "1.0.1"}, {"name": "app", "version": "1", "root": True}]}
GEMSPEC = b'Gem::Specification.new do |s|\n  s.name = "a"\n  s.version = "1"\nend\n'
STATUS = b"Package: libssl3\nStatus: install ok installed\nSource: openssl (3.0)\nVersion: 3.0-1\n\n"
METADATA = (
    "Metadata-Version: 2.1\nName: Flask\nVersion: 2.3.2\nClassifier: License :: OSI Approved :: MIT\n\n"
)


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


_POM = {"META-INF/maven/g/a/pom.properties": "groupId=g\nartifactId=a\nversion=1\n"}
_MANIFEST = {"META-INF/MANIFEST.MF": "Implementation-Vendor-Id: g\nImplementation-Version: 1\n"}

FILES: Mapping[str, bytes] = {
    "etc/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n',
    "etc/redhat-release": b"CentOS Linux release 7.6.1810 (Core)\n",
    "etc/debian_version": b"12.4\n",
    "etc/lsb-release": b"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=18.04\n",
    "var/lib/dpkg/status": STATUS * 2,
    "var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 2024a\n",
    "var/lib/dpkg/info/bash.list": b"/.\n/bin/bash\n/usr/lib/x-1.egg-info\n",
    "lib/apk/db/installed": b"P:musl\nV:1.2-r0\nA:x86_64\no:musl\nF:lib\nR:ld.jar\n\n" * 2,
    "var/lib/rpm/rpmdb.sqlite": rpm_database(LINES),
    "var/lib/rpm/Packages.db": ndb_of(HEADERS),
    "var/lib/rpm/Packages": bdb_of(HEADERS),
    "var/lib/rpmmanifest/container-manifest-2": b"a\t1-2\t1\t2\tv\t(none)\t10\tx86_64\t0\ta-1-2.src.rpm\n",
    "usr/lib/python3/Flask-2.3.2.dist-info/METADATA": METADATA.encode(),
    "usr/lib/python3/Flask-2.3.2.egg": zip_of({"EGG-INFO/PKG-INFO": METADATA}),
    "srv/node_modules/a/package.json": b'{"name": "a", "version": "1.0.0", "license": {"type": "MIT"}}',
    "srv/vendor/composer/installed.json": b'{"packages": [{"name": "a/b", "version": "1"}, 3]}',
    "usr/lib/ruby/specifications/a-1.gemspec": GEMSPEC,
    "srv/app.jar": zip_of({**_POM, "lib/inner-1.0.jar": zip_of(_MANIFEST)}),
    "usr/bin/go-program": elf_of([(".go.buildinfo", build_information(GO))]),
    "usr/bin/rust-program": elf_of([(".dep-v0", zlib.compress(json.dumps(CRATES).encode()))]),
}

TAR = tar_of(
    [
        ("./etc/", None),
        ("etc/os-release", FILES["etc/os-release"]),
        ("var/lib/dpkg/status", STATUS),
        (f"srv/{'long/' * 40}node_modules/a/package.json", FILES["srv/node_modules/a/package.json"]),
        ("usr/lib/x-1.egg-info", "=> var/lib/dpkg/status"),
        ("bin", "-> usr/bin"),
        ("srv/.wh.old", b""),
        ("opt/.wh..wh..opq", b""),
    ]
)
