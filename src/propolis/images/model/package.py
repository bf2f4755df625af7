"""What is installed: packages, and the distribution that they belong to."""

import msgspec


class Package(msgspec.Struct, frozen=True):
    """One installed package.

    Attributes:
        type: As in package URLs: deb, apk, rpm, pypi, npm, gem, golang, cargo, maven, composer, nuget...
        name: As its package manager writes it; Maven's is ``group:artifact``, npm's holds the scope.
        version: Whole, with epoch and release where there are such.
        source_name: Of the source package of a distribution; empty where it is the same.
        source_version: Likewise.
        architecture: As the package manager writes it.
        module: The stream of a modular rpm (``nodejs:18``).
        licences: As the package declares them.
        path: The file that names the package, from the root of the image.
        layer: Diff id of the layer that brought it.
        is_base: Whether that layer is the base image's.
    """

    type: str
    name: str
    version: str
    source_name: str = ""
    source_version: str = ""
    architecture: str = ""
    module: str = ""
    licences: tuple[str, ...] = ()
    path: str = ""
    layer: str = ""
    is_base: bool = False


class Distribution(msgspec.Struct, frozen=True):
    """What os-release says.

    Attributes:
        id: ``ID`` in lower case; empty for an image without a distribution.
        version: ``VERSION_ID``; empty for a rolling release.
        name: ``PRETTY_NAME``.
        codename: ``VERSION_CODENAME``.
    """

    id: str = ""
    version: str = ""
    name: str = ""
    codename: str = ""
