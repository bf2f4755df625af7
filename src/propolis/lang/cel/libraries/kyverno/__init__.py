"""What Kyverno adds to CEL. `environments.py` says which kind of policy has which of them: open it first.

Follows kyverno/sdk extensions/cel/libs @ 68d74af and kyverno/kyverno pkg/cel/libs @ v1.19.1. Nothing here
asks the world: what an expression wants to know is a look-up, by the kinds that `world.py` lists.
"""
