"""Policies of kyverno.io as policies in CEL: functions from policy to policy, and the proof that both agree.

`conversion.convert_policy` is the door. What has no sure translation is refused (`refused.Refused`), never
guessed; `proof.prove` evaluates both policies on resources and tells the first on which they differ.
"""
