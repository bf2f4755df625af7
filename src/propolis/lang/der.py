"""Distinguished Encoding Rules (X.690), read from bytes that nobody vouches for.

A value is a tag, a length and contents; `Der` walks over the values of one level. Indefinite
lengths and tags above 30 are refused, as DER and X.509 have neither.
"""

import msgspec

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OBJECT_ID = 0x01, 0x02, 0x03, 0x04, 0x06
UTF8_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING = 0x0C, 0x13, 0x14, 0x16
UTC_TIME, GENERALIZED_TIME, BMP_STRING = 0x17, 0x18, 0x1E
SEQUENCE, SET = 0x30, 0x31
_LONG_FORM = 0x80
_HIGH_TAG = 0x1F
_MOST_LENGTH_BYTES = 4
_MOST_ID_BYTES = 64


class DerError(ValueError):
    """The bytes are no DER, or not what was expected."""


class Value(msgspec.Struct, frozen=True):
    """One value: its tag, its contents, and the whole encoding."""

    tag: int
    contents: bytes
    encoded: bytes

    def inside(self) -> "Der":
        """The values of a constructed one."""
        return Der(self.contents)

    def integer(self) -> int:
        """A whole number of any size."""
        self.expect(INTEGER)
        if not self.contents:
            raise DerError("an integer is empty")
        return int.from_bytes(self.contents, signed=True)

    def bits(self) -> bytes:
        """A bit string without its count of unused bits, which must be 0 to 7."""
        self.expect(BIT_STRING)
        if not self.contents or self.contents[0] > 7:  # noqa: PLR2004  # bits of a byte
            raise DerError("a bit string is wrong")
        return self.contents[1:]

    def object_id(self) -> tuple[int, ...]:
        """The numbers of an object identifier."""
        self.expect(OBJECT_ID)
        return _object_id(self.contents)

    def text(self) -> str:
        """A string of any of the usual types."""
        if self.tag == BMP_STRING:
            return self.contents.decode("utf-16-be", errors="replace")
        if self.tag == T61_STRING:
            return self.contents.decode("latin-1")
        if self.tag not in (UTF8_STRING, PRINTABLE_STRING, IA5_STRING):
            raise DerError(f"tag {self.tag} is no string")
        return self.contents.decode("utf-8", errors="replace")

    def expect(self, tag: int) -> None:
        """Raises `DerError` unless the value has this tag."""
        if self.tag != tag:
            raise DerError(f"found tag {self.tag}, expected {tag}")


def _object_id(contents: bytes) -> tuple[int, ...]:
    if not contents or len(contents) > _MOST_ID_BYTES or contents[-1] & _LONG_FORM:
        raise DerError("an object identifier is wrong")
    numbers: list[int] = []
    value = 0
    for byte in contents:
        value = value << 7 | byte & 0x7F
        if not byte & _LONG_FORM:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - first * 40, *numbers[1:])


class Der:
    """Reads the values of one level, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def is_done(self) -> bool:
        """Whether all is read."""
        return self._position >= len(self._data)

    def peek(self) -> int:
        """The tag of the next value; -1 at the end."""
        return -1 if self.is_done else self._data[self._position]

    def next(self, tag: int | None = None) -> Value:
        """The next value.

        Raises:
            DerError: There is none, it is cut off, or it has another tag.
        """
        start = self._position
        if start + 2 > len(self._data) or self._data[start] & _HIGH_TAG == _HIGH_TAG:
            raise DerError("a value is missing or has a tag of several bytes")
        body, length = self._length(start + 1)
        end = body + length
        if end > len(self._data):
            raise DerError("a value is cut off")
        self._position = end
        value = Value(self._data[start], self._data[body:end], self._data[start:end])
        if tag is not None:
            value.expect(tag)
        return value

    def _length(self, position: int) -> tuple[int, int]:
        first = self._data[position]
        if first < _LONG_FORM:
            return position + 1, first
        count = first - _LONG_FORM
        if not 0 < count <= _MOST_LENGTH_BYTES or position + 1 + count > len(self._data):
            raise DerError("a length is wrong")
        return position + 1 + count, int.from_bytes(self._data[position + 1 : position + 1 + count])

    def rest(self) -> list[Value]:
        """All values that are left."""
        found = []
        while not self.is_done:
            found.append(self.next())
        return found
