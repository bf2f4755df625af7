"""A rule of a policy."""

import msgspec

from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.conditions import Conditions
from propolis.policy.model.context import ContextEntry
from propolis.policy.model.generation import Generation
from propolis.policy.model.images import ImageExtractor, ImageVerification
from propolis.policy.model.match import MatchResources
from propolis.policy.model.mutation import Mutation
from propolis.policy.model.struct import ApiStruct
from propolis.policy.model.validation import Validation


class PolicyRule(ApiStruct, frozen=True):
    """What a rule is for, when it applies, and what it does: exactly one of the last four."""

    name: str
    context: tuple[ContextEntry, ...] | None = None
    report_properties: dict[str, str] | None = None
    match: MatchResources = MatchResources()
    exclude: MatchResources | None = None
    image_extractors: dict[str, tuple[ImageExtractor, ...]] | None = None
    preconditions: Conditions | None = None
    cel_preconditions: tuple[NamedExpression, ...] | None = None
    mutate: Mutation | None = None
    validation: Validation | None = msgspec.field(default=None, name="validate")
    generate: Generation | None = None
    verify_images: tuple[ImageVerification, ...] | None = None
    skip_background_requests: bool | None = None
