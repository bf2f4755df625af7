"""Policies and exceptions of either generation."""

from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.policy import Policy

AnyPolicy = Policy | CelPolicy
AnyException = PolicyException | CelException
