"""The project's own policies: Pod Security (baseline and restricted) and best practices.

One YAML file a policy, in the format of Kyverno, with a remedy for every policy. `load` of
`propolis.policy.sources.pack` reads them.
"""
