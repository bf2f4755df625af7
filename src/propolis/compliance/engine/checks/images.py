"""References of images."""

from propolis.compliance.engine.checks.wording import config_rule, shown
from propolis.compliance.model.check import ContainerCheck, Fault
from propolis.compliance.model.pod import ContainerView, PodView
from propolis.core.finding import Severity

CATEGORY = "Images"


def _image_moves(container: ContainerView, _: PodView) -> Fault | None:
    """No digest, and the tag is ``latest`` or absent; an absent image is the API server's matter."""
    image = container.document.get("image")
    if not isinstance(image, str) or not image or "@" in image:
        return None
    repository, colon, tag = image.rpartition("/")[2].partition(":")
    if repository and colon and tag not in ("", "latest"):
        return None
    advice = "name a version, or better the digest"
    return Fault(
        "runs whatever the registry serves at its start", f"{container.path}.image", shown(image), advice
    )


CHECKS = (
    ContainerCheck(
        config_rule(
            "KSV-0013",
            "Images name a version",
            Severity.MEDIUM,
            CATEGORY,
            "pin-image",
            "Replace the tag latest by a version or a digest.",
        ),
        _image_moves,
    ),
)
