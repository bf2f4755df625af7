"""Settings that Kyverno's CEL kinds share: when a policy is evaluated, for what, through which webhook.

Facts from the CustomResourceDefinitions of policies.kyverno.io @ 111e07b.
"""

from propolis.policy.model.struct import ApiStruct


class Switch(ApiStruct, frozen=True):
    """On or off; None stands for the default of what it switches."""

    enabled: bool | None = None


class Evaluation(ApiStruct, frozen=True):
    """When a policy is evaluated, and on what.

    Attributes:
        mode: ``Kubernetes`` (requests), ``JSON`` (any document), ``Envoy`` or ``HTTP`` (authorisation).
    """

    mode: str | None = None
    admission: Switch | None = None
    background: Switch | None = None
    mutate_existing: Switch | None = None
    generate_existing: Switch | None = None
    synchronize: Switch | None = None
    orphan_downstream_on_policy_delete: Switch | None = None
    skip_background_requests: bool | None = None
    use_server_side_apply: bool | None = None


class PodControllers(ApiStruct, frozen=True):
    """Plural names of the controllers for which a policy on pods stands too; None for all."""

    controllers: tuple[str, ...] | None = None


class Autogen(ApiStruct, frozen=True):
    """What is made of a policy: policies for controllers, policies of the API server."""

    pod_controllers: PodControllers | None = None
    validating_admission_policy: Switch | None = None
    mutating_admission_policy: Switch | None = None


class Webhook(ApiStruct, frozen=True):
    """How the API server calls admission for the policy."""

    timeout_seconds: int | None = None


class ParamKind(ApiStruct, frozen=True):
    """The kind of the objects that parametrize a policy."""

    api_version: str | None = None
    kind: str | None = None
