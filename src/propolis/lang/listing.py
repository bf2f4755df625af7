"""Lists of words in messages for people: the first few, and how many more there are."""

from collections.abc import Iterable

SHOWN = 4


def some(words: Iterable[str], shown: int = SHOWN, separator: str = ", ") -> str:
    """``a, b, c, d and 3 more``: each word once, in the order given."""
    unique = list(dict.fromkeys(words))
    text, more = separator.join(unique[:shown]), len(unique) - shown
    return f"{text} and {more} more" if more > 0 else text
