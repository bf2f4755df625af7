"""Finds places in the text of an expression without parsing it."""


def matching_brace(text: str, start: int) -> int:
    """The index of the brace that closes the one at ``start``, or -1. Quotes are not looked at."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return -1
