"""Units of cost, and the limits that Kubernetes has.

Follows cel-go common/cost.go and apiserver pkg/apis/cel/config.go.
"""

NAME = 1
"""A name, a field, an index."""
LIST, MAP, STRUCT = 10, 30, 40
"""Making one."""
PER_CHARACTER = 0.1
"""Going through a text, by character."""
PER_PATTERN_CHARACTER = 0.25
"""A regular expression, by character of the pattern, on a text of unit cost."""

CALL_LIMIT = 1_000_000
"""Most that one expression may cost."""
POLICY_LIMIT = 10_000_000
"""Most that all expressions of one policy may cost for one object."""
MATCH_CONDITIONS_LIMIT = 2_500_000
"""Most that all match conditions of one policy may cost: a quarter of the policy's."""
