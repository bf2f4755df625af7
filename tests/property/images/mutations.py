"""Valid files that a stranger has damaged: bytes changed, cut, repeated, put elsewhere."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

TELLING = (b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"../", b"\n", b"9" * 30)


@st.composite
def damaged(draw: DrawFn, seeds: SearchStrategy[bytes]) -> bytes:
    """A seed after a few changes, or bytes that were never one."""
    content = draw(st.one_of(seeds, seeds, seeds, st.binary(max_size=200)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, max(0, len(content))))
        length = draw(st.integers(0, 64))
        match draw(st.sampled_from(["change", "change", "cut", "repeat", "insert"])):
            case "change":
                piece = draw(st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(TELLING)))
                content = content[:start] + piece + content[start + len(piece) :]
            case "cut":
                rest = b"" if draw(st.booleans()) else content[start + length :]
                content = content[:start] + rest
            case "repeat":
                content = content[: start + length] + content[start:]
            case _:
                content = content[:start] + draw(st.binary(max_size=32)) + content[start:]
    return content
