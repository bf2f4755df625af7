"""The project's own policies, in the formats of Kyverno: a folder a subject, a YAML file a policy.

Every policy has a title, a category, a severity, a description and a remedy. `propolis.dev/pack` is `default`
for those that judge without being asked for; it is `optional` where a policy needs a decision, settings or
look-ups, repeats what another engine says, or changes resources. `chosen` of `propolis.policy.sources.pack`
reads them; `tests/policies` has a folder of tests for each.
"""
