"""The questions that the engine may ask. app answers them from files, a snapshot or a cluster.

| kind | arguments | answer |
|---|---|---|
| namespace | name | the Namespace document |
"""

from propolis.core.evaluation import LookupKey

NAMESPACE = "namespace"


def namespace_key(name: str) -> LookupKey:
    """Asks for a Namespace document, for its labels."""
    return LookupKey(NAMESPACE, (name,))
