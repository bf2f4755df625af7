"""The base of every struct of the policy API."""

import msgspec


class ApiStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """An object of the API: camelCase on the wire, unknown fields are errors, absent ones are left out."""
