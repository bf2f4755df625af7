"""Files by which a language's package shows itself.

Where a distribution's package manager put such a file, it is a part of that package: the distribution
mends it, under versions of its own, so it is not counted again.
"""

ENDS = (
    ".egg-info",
    ".egg-info/PKG-INFO",
    ".dist-info/METADATA",
    ".gemspec",
    "/package.json",
    ".egg-info/METADATA",
    ".egg",
    ".jar",
    ".war",
    ".ear",
    "/installed.json",
)


def could_be_a_package(path: str) -> bool:
    """Whether an analyzer of a language may want a file."""
    return path.endswith(ENDS) or ("/bin/" in path or "/sbin/" in path)
