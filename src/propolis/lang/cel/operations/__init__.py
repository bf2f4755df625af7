"""What operators do with values: exact, for values of any type.

Every function gives a value or raises `errors.EvaluationError`; none changes what it gets.
"""
