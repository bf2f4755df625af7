"""Answers to look-ups that a test of policies gives: prepared ones, and the resources of its files."""

from collections.abc import Mapping

from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.lookups import HTTP_CALL, SERVICE_CALL
from propolis.policy.model.policy_test import PolicyTest

_CALLS = frozenset({HTTP_CALL, SERVICE_CALL})


class CaseAnswers:
    """The files of a test as the world, which holds nothing else."""

    def __init__(self, test: PolicyTest) -> None:
        self._prepared = test.answers
        self._objects = ObjectAnswers(
            [
                *(item.document for item in (*test.targets, *test.resources)),
                *test.cluster,
                *test.params,
                *(test.context.resources or ()),
                *(document for name in test.sources for document in test.files.get(name, ())),
            ]
        )

    def fetch(self, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
        """An answer for every key."""
        return {key: self._answer(key) for key in keys}

    def _answer(self, key: LookupKey) -> Answer:
        """A call of a service is known by its method and URL, whatever it sends."""
        if key.kind in _CALLS:
            method, url, *others = key.arguments
            plain = LookupKey(key.kind, (method, url, *("" for _ in others)))
            return self._prepared.get(plain, Answer())
        return self._objects.answer(key)
