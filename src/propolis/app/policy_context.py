"""What a file of kind Context answers: objects of a cluster, and what a registry says of images."""

from collections.abc import Iterator

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Origin, Resource
from propolis.lang.image_reference import parse_image_reference
from propolis.policy.lookups import image_data_key
from propolis.policy.model.kyverno_test import ContextFile, ImageMetadata
from propolis.policy.sources.test_files import resource_of


def objects_of(context: ContextFile, path: str) -> Iterator[Resource]:
    """The objects of a file; what has no namespace and may have one is in ``default``."""
    for document in context.resources or ():
        yield resource_of(document, Origin(path))


def image_answers(context: ContextFile) -> dict[LookupKey, Answer]:
    """Answers for each image, under its name as it is written and as it is in full."""
    found: dict[LookupKey, Answer] = {}
    for image in context.images or ():
        answer = Answer(_image_data(image), version=image.digest)
        parsed = parse_image_reference(image.image)
        for name in (image.image, parsed.reference if parsed else image.image):
            found[image_data_key(name)] = answer
    return found


def _image_data(image: ImageMetadata) -> dict[str, object]:
    return {
        "image": image.image,
        "resolvedImage": image.resolved_image,
        "registry": image.registry,
        "repository": image.repository,
        "identifier": image.digest or image.tag,
        "tag": image.tag,
        "digest": image.digest,
        "imageIndex": image.image_index,
        "manifest": image.manifest,
        "configData": image.config,
    }
