"""Text of strangers without what steers a terminal or turns a line around."""

_CONTROLS = (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_TABLE = dict.fromkeys(_CONTROLS, "�") | {ord("\n"): " ", ord("\t"): " "}


def printable(text: str) -> str:
    """One line that a terminal shows as it is: control and bidirectional characters are replaced."""
    return text.translate(_TABLE)
