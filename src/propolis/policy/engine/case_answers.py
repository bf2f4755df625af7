"""Answers to look-ups that a test of policies gives besides its prepared ones: the resources of its files."""

from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.model.policy_test import PolicyTest


def answers_from(test: PolicyTest) -> ObjectAnswers:
    """The objects of a test's files, as a cluster that holds nothing else."""
    return ObjectAnswers(
        [
            *(item.document for item in (*test.targets, *test.resources)),
            *test.cluster,
            *test.params,
            *((test.context and test.context.resources) or ()),
            *(document for name in test.sources for document in test.files.get(name, ())),
        ]
    )
