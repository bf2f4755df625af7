"""What is wrong with a part of a policy, before its place in the file is known."""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, where below the rule, and what would be right."""

    message: str
    path: tuple[str | int, ...] = ()
    expected: str = ""
