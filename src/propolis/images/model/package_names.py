"""One spelling for the name of a package, so that an advisory and an installed package meet.

PyPI names follow PEP 503; some registries ignore case; all other names are taken as written.
"""

import re

_RUNS = re.compile(r"[-_.]+")
_CASELESS = frozenset({"NuGet", "Packagist", "Hex", "GitHub Actions", "SwiftURL", "VSCode", "Pub"})


def normal_name(ecosystem: str, name: str) -> str:
    """The name under which a package of an ecosystem is stored and looked up."""
    base = ecosystem.partition(":")[0]
    if base == "PyPI":
        return _RUNS.sub("-", name).lower()
    if base in _CASELESS:
        return name.lower()
    return name
