"""All analyzers of a scan, in the order in which they are asked."""

from propolis.images.engine.analyzer import AnalyzerSet
from propolis.images.engine.analyzers.apk import APK
from propolis.images.engine.analyzers.dpkg import DPKG, DPKG_FILES, DPKG_FOLDER
from propolis.images.engine.analyzers.egg import EGG
from propolis.images.engine.analyzers.executables import EXECUTABLES
from propolis.images.engine.analyzers.gemspec import GEMSPEC
from propolis.images.engine.analyzers.jar import JAR
from propolis.images.engine.analyzers.json_files import COMPOSER, NPM
from propolis.images.engine.analyzers.os_release import OS_RELEASE
from propolis.images.engine.analyzers.python_packages import PYTHON
from propolis.images.engine.analyzers.release_files import RELEASE_FILES
from propolis.images.engine.analyzers.rpm import RPM
from propolis.images.engine.analyzers.rpm_manifest import RPM_MANIFEST

ANALYZERS = AnalyzerSet(
    (
        OS_RELEASE,
        RELEASE_FILES,
        DPKG,
        DPKG_FILES,
        DPKG_FOLDER,
        APK,
        RPM,
        RPM_MANIFEST,
        PYTHON,
        EGG,
        NPM,
        COMPOSER,
        GEMSPEC,
        JAR,
        EXECUTABLES,
    )
)
