"""Every built-in check, in the order of its id within its theme."""

from propolis.compliance.engine.checks import (
    cluster,
    exposure,
    host,
    identity,
    images,
    isolation,
    privileges,
    resources,
    secrets,
    tokens,
)
from propolis.compliance.model.check import Check

BUILT_IN: tuple[Check, ...] = (
    *privileges.CHECKS,
    *identity.CHECKS,
    *host.CHECKS,
    *isolation.CHECKS,
    *resources.CHECKS,
    *images.CHECKS,
    *secrets.CHECKS,
    *tokens.CHECKS,
    *exposure.CHECKS,
    *cluster.CHECKS,
)
