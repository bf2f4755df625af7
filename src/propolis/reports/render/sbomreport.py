"""aquasecurity.github.io/v1alpha1 SbomReport, one a container, as the Trivy operator writes them.

What is in the image stands under ``report.components`` as a CycloneDX document, in the fields that the custom
resource knows.
"""

from datetime import datetime
from typing import Any

from propolis.core.resource import ResourceRef
from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.reports.render.cyclonedx import cyclonedx_document
from propolis.reports.render.operator_report import SCANNER, artifact_of, report_of, timestamp

_DOCUMENT = frozenset(
    {"bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"}
)
_METADATA = frozenset({"timestamp", "tools", "component"})


def sbom_report(
    image: Image,
    content: ImageContent,
    owner: ResourceRef | None,
    container: str,
    now: datetime,
    *,
    reference: str = "",
) -> dict[str, Any]:
    """The report of one container's image.

    Args:
        image: What was scanned.
        content: What is in it.
        owner: The workload that runs it; None makes a ClusterSbomReport of the image.
        container: Its name in the workload.
        now: The time of the report.
        reference: The image as the workload writes it; its first name by default.
    """
    document = cyclonedx_document(image, content, now)
    components = {key: value for key, value in document.items() if key in _DOCUMENT}
    components["metadata"] = {key: value for key, value in document["metadata"].items() if key in _METADATA}
    data = {
        **artifact_of(image, reference),
        "scanner": dict(SCANNER),
        "summary": {
            "componentsCount": len(document["components"]) + 1,
            "dependenciesCount": len(document["dependencies"]),
        },
        "updateTimestamp": timestamp(now),
        "components": components,
    }
    return report_of("SbomReport", image, owner, container, data)
