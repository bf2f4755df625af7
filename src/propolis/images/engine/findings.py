"""From the vulnerabilities of one image to findings, and to the changes that resolve them.

Packages of the distribution are mended by building the image again (on a newer base, where they came
with it); packages of a language by a newer version in the application. What has no fix yet is told apart.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from propolis.core.finding import Evidence, Finding, Outcome, Rule, Severity
from propolis.core.resource import ResourceRef
from propolis.images.engine.merge import OS_TYPES
from propolis.images.model.vulnerability import Matching, Vulnerability
from propolis.lang.versions.registry import order_of

SOURCE = "vulnerability"
POLICY = "vulnerabilities"


class VulnerabilityEvidence(Evidence, frozen=True):
    """What is installed, and what would mend it.

    Attributes:
        names: Other names of the same weakness.
        fixed_version: Empty where none is known.
        layer: Diff id of the layer that brought the package.
        exploited: Whether attacks with it are known.
        score: CVSS, 0 to 10; None where nobody gave one.
    """

    package: str
    installed_version: str
    fixed_version: str
    path: str
    layer: str
    is_base: bool
    exploited: bool
    names: tuple[str, ...]
    ecosystem: str
    vector: str = ""
    score: float | None = None


class Change(msgspec.Struct, frozen=True):
    """A change of an image: its key, and what to do in words."""

    key: str
    title: str
    how: str


class ImageFindings(msgspec.Struct, frozen=True):
    """Findings of one image and the changes that they name, by key.

    Attributes:
        exploited: Vulnerabilities with known attacks, each with the key of the change that mends it.
    """

    findings: tuple[Finding, ...]
    changes: dict[str, Change]
    exploited: dict[str, str]


def findings_of(matching: Matching, image: ResourceRef, name: str, now: datetime) -> ImageFindings:
    """One finding a vulnerability and package; the name is what people call the image."""
    targets = _fixed_versions(matching.vulnerabilities)
    changes: dict[str, Change] = {}
    rules: dict[tuple[str, Severity], Rule] = {}
    findings = []
    for one in matching.vulnerabilities:
        change = _change(one, name, targets)
        changes[change.key] = change
        rule = rules.setdefault((one.id, one.severity), _rule(one))
        findings.append(_finding(one, rule, image, change, now))
    pairs = zip(matching.vulnerabilities, findings, strict=True)
    exploited = {one.id: finding.remedy for one, finding in pairs if one.is_exploited}
    return ImageFindings(tuple(findings), changes, exploited)


def _rule(one: Vulnerability) -> Rule:
    return Rule(SOURCE, POLICY, one.id, title=one.id, severity=one.severity, category="Vulnerability")


def _finding(one: Vulnerability, rule: Rule, image: ResourceRef, change: Change, now: datetime) -> Finding:
    package = one.package
    mended = f"mended in {one.fixed_version}" if one.fixed_version else "no fix is known"
    attacks = "; used in attacks" if one.is_exploited else ""
    evidence = VulnerabilityEvidence(
        package=package.name,
        installed_version=package.version,
        fixed_version=one.fixed_version,
        path=package.path,
        layer=package.layer,
        is_base=package.is_base,
        exploited=one.is_exploited,
        names=one.names,
        ecosystem=one.ecosystem,
        vector=one.judgement.score.value if one.judgement.score else "",
        score=one.judgement.value,
    )
    message = f"{package.name} {package.version}: {one.id}, {mended}{attacks}"
    subject = f"{package.type}/{package.name}@{package.path}"
    return Finding(rule, image, Outcome.FAIL, message, now, evidence, subject, change.key)


def _change(one: Vulnerability, image: str, targets: dict[tuple[str, str], str]) -> Change:
    package = one.package
    if not one.fixed_version:
        return Change(
            f"unfixed {image}",
            f"Replace or accept packages of {image} that have no fix",
            "Remove the package, choose another base, or accept the risk for a time: nobody offers a fix.",
        )
    if package.type in OS_TYPES:
        return _rebuild(image, one.ecosystem, is_base=package.is_base)
    target = targets[package.type, package.name]
    return Change(
        f"upgrade {package.type}/{package.name} in {image}",
        f"Upgrade {package.name} to {target} in {image}",
        f"Raise {package.name} from {package.version} to {target} in the application, and build again.",
    )


def _rebuild(image: str, ecosystem: str, *, is_base: bool) -> Change:
    if is_base:
        return Change(
            f"rebase {image}",
            f"Rebuild {image} on its current {ecosystem} base",
            "Pull the base image anew and build again; what is vulnerable came with it and is mended there.",
        )
    return Change(
        f"rebuild {image}",
        f"Rebuild {image} with current {ecosystem} packages",
        "Build again without the cache, so that the distribution's packages are installed as they are today.",
    )


def _fixed_versions(vulnerabilities: Iterable[Vulnerability]) -> dict[tuple[str, str], str]:
    """The version of each package that mends all that can be mended."""
    found: dict[tuple[str, str], list[Vulnerability]] = defaultdict(list)
    for one in vulnerabilities:
        if one.fixed_version:
            found[one.package.type, one.package.name].append(one)
    return {key: _highest(ones) for key, ones in found.items()}


def _highest(ones: list[Vulnerability]) -> str:
    order = order_of(ones[0].ecosystem)
    versions = [one.fixed_version for one in ones]
    return max(versions, key=order.key) if order else max(versions)
