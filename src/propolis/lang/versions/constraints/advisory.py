"""Advisories that say in expressions what is vulnerable, patched and unaffected.

Follows trivy pkg/detector/library/compare @ dc3c56e: outside of the vulnerable versions nothing is affected;
inside, what is patched or unaffected is not. An empty expression means that every version is affected.
"""

from collections.abc import Sequence

from propolis.lang.versions.constraints.styles import parse_constraint


def is_vulnerable(
    ecosystem: str,
    version: str,
    vulnerable: Sequence[str] = (),
    patched: Sequence[str] = (),
    unaffected: Sequence[str] = (),
) -> bool:
    """Whether a version is affected by an advisory of expressions.

    Raises:
        DocumentError: for an expression or a version that cannot be read.
    """
    if "" in vulnerable or "" in patched:
        return True
    if vulnerable and not _matches_any(ecosystem, version, vulnerable):
        return False
    secure = [*patched, *unaffected]
    if not secure:
        return bool(vulnerable)
    return not _matches_any(ecosystem, version, secure)


def _matches_any(ecosystem: str, version: str, expressions: Sequence[str]) -> bool:
    return any(parse_constraint(ecosystem, expression).matches(version) for expression in expressions)
