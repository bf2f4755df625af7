"""In which order vulnerabilities are told, whatever the format."""

from propolis.images.model.vulnerability import Vulnerability


def urgency(one: Vulnerability) -> tuple[object, ...]:
    """A key for sorting: the worst first, of those the exploited ones, then by name."""
    package = one.package
    return (-one.severity.rank, not one.is_exploited, one.id, package.name, package.version, package.path)
