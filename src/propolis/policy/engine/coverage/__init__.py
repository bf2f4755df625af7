"""What the tests of a policy exercise, and which faults of the policy no test would notice.

`measure.measure` is the door. Branches are seen in the traces of `explain`; a mutant is the policy with one
fault, judged by the very rows that ``policy test`` compares.
"""
