"""What files say that a registry would say of images."""

from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.image_reference import parse_image_reference
from propolis.policy.lookups import image_data_key
from propolis.policy.model.kyverno_test import ContextFile, ImageMetadata


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
