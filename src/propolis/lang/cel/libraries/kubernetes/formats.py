"""``format``: named formats of texts, and what is wrong with a text (library/format.go).

Messages are those of apimachinery's validation @ v0.36, because policies hand them on to people.
"""

import re
from collections.abc import Callable
from typing import ClassVar

import msgspec

from propolis.lang.cel.libraries.kubernetes.declare import call, function, member
from propolis.lang.cel.libraries.kubernetes.urls import UrlError, check_request_uri
from propolis.lang.cel.library import Function, Library
from propolis.lang.cel.types import STRING, Type, list_of, object_type, optional_of
from propolis.lang.cel.values import NONE, OptionalValue

FORMAT_TYPE = object_type("kubernetes.NamedFormat")
Check = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_OLD_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_NAME})?"
_LABEL_LENGTH, _SUBDOMAIN_LENGTH = 63, 253

_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_OLD_LABEL_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_NAME_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character"
)
_VALUE_RULE = f"a valid label must be an empty string or {_NAME_RULE.removeprefix('must ')}"


_EXAMPLE = "(e.g. 'example.com/MyName')"


class Format(msgspec.Struct, frozen=True, eq=False):
    """A named format; equal by name.

    Attributes:
        check: What is wrong with a text; nothing when it fits.
        pattern_size: Characters of its regular expression, for costs.
    """

    name: str
    check: Check
    pattern_size: int
    cel_type: ClassVar[Type] = FORMAT_TYPE

    def __eq__(self, other: object) -> bool:
        """By name."""
        return isinstance(other, Format) and self.name == other.name

    def __hash__(self) -> int:
        """By name."""
        return hash(self.name)


def _broken(rule: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {shown}regex used for validation is '{pattern}')"


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _too_long(text: str, most: int, unit: str = "characters") -> list[str]:
    return [f"must be no more than {most} {unit}"] if _size(text) > most else []


def check_label(text: str) -> list[str]:
    """RFC 1123 label: of a namespace, of a service account's part."""
    found = _too_long(text, _LABEL_LENGTH)
    if _fits(_LABEL, text):
        return found
    if _fits(_SUBDOMAIN, text):
        return [*found, "must not contain dots"]
    return [*found, _broken(_LABEL_RULE, _LABEL, "my-name", "123-abc")]


def check_subdomain(text: str) -> list[str]:
    """RFC 1123 subdomain: of most objects."""
    found = _too_long(text, _SUBDOMAIN_LENGTH)
    return found if _fits(_SUBDOMAIN, text) else [*found, _broken(_SUBDOMAIN_RULE, _SUBDOMAIN, "example.com")]


def _check_old_label(text: str) -> list[str]:
    found = _too_long(text, _LABEL_LENGTH)
    if _fits(_OLD_LABEL, text):
        return found
    return [*found, _broken(_OLD_LABEL_RULE, _OLD_LABEL, "my-name", "abc-123")]


def _check_qualified_name(text: str) -> list[str]:
    prefix, slash, name = text.rpartition("/")
    broken = _broken(_NAME_RULE, _NAME, "MyName", "my.name", "123-abc")
    if "/" in prefix:
        return [f"a valid label key {broken} with an optional DNS subdomain prefix and '/' {_EXAMPLE}"]
    found: list[str] = []
    if slash:
        found += [f"prefix part {one}" for one in _prefix_problems(prefix)]
    if not name:
        found.append("name part must be non-empty")
    else:
        found += [f"name part {one}" for one in _too_long(name, _LABEL_LENGTH, "bytes")]
    return found if _fits(_NAME, name) else [*found, f"name part {broken}"]


def _prefix_problems(prefix: str) -> list[str]:
    if not prefix:
        return ["must be non-empty"]
    found = _too_long(prefix, _SUBDOMAIN_LENGTH, "bytes")
    return (
        found if _fits(_SUBDOMAIN, prefix) else [*found, _broken(_SUBDOMAIN_RULE, _SUBDOMAIN, "example.com")]
    )


def _check_label_value(text: str) -> list[str]:
    found = _too_long(text, _LABEL_LENGTH, "bytes")
    if _fits(_VALUE, text):
        return found
    return [*found, _broken(_VALUE_RULE, _VALUE, "MyValue", "my_value", "12345")]


def _as_prefix(check: Check) -> Check:
    """The beginning of a name, which may end with a dash."""
    return lambda text: check(text[:-2] + "a" if len(text) > 1 and text.endswith("-") else text)


def _check_uri(text: str) -> list[str]:
    try:
        check_request_uri(text)
    except UrlError as problem:
        return [str(problem)]
    return []


_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
_UUID = r"(?i:[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})"
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))", re.ASCII)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1] + (is_leap and month == 2)  # noqa: PLR2004  # a calendar


def _is_datetime(text: str) -> bool:
    """As kube-openapi looks: a date, ``t``, a time with a zone; what follows another ``t`` is not read."""
    date, *rest = text.lower().split("t")
    found = _TIME.fullmatch(rest[0]) if rest else None
    if found is None or not _is_date(date):
        return False
    return found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def _says(problem: str, fits: Callable[[str], bool]) -> Check:
    return lambda text: [] if fits(text) else [problem]


_DATETIME_SIZE, _UUID_SIZE = 71, 70

FORMATS: dict[str, Format] = {
    "dns1123Label": Format("DNS1123Label", check_label, 30),
    "dns1123Subdomain": Format("DNS1123Subdomain", check_subdomain, 60),
    "dns1035Label": Format("DNS1035Label", _check_old_label, 30),
    "qualifiedName": Format("QualifiedName", _check_qualified_name, 60),
    "dns1123LabelPrefix": Format("DNS1123LabelPrefix", _as_prefix(check_label), 30),
    "dns1123SubdomainPrefix": Format("DNS1123SubdomainPrefix", _as_prefix(check_subdomain), 60),
    "dns1035LabelPrefix": Format("DNS1035LabelPrefix", _as_prefix(_check_old_label), 30),
    "labelValue": Format("LabelValue", _check_label_value, 40),
    "uri": Format("URI", _check_uri, 1103),
    "uuid": Format(
        "uuid", _says("does not match the UUID format", lambda text: _fits(_UUID, text)), _UUID_SIZE
    ),
    "byte": Format("byte", _says("invalid base64", lambda text: _fits(_BASE64, text)), 84),
    "date": Format("date", _says("invalid date", _is_date), _DATETIME_SIZE),
    "datetime": Format("datetime", _says("invalid datetime", _is_datetime), _DATETIME_SIZE),
}


def _named(name: str) -> OptionalValue:
    return OptionalValue(FORMATS[name]) if name in FORMATS else NONE


def _validate(form: Format, text: str) -> OptionalValue:
    problems = form.check(text)
    return OptionalValue(problems) if problems else NONE


def _constant(name: str, form: Format) -> Function:
    full = f"format.{name}"
    return function(full, call(full, (), FORMAT_TYPE, lambda: form))


FORMAT_LIBRARY = Library(
    "kubernetes.format",
    functions=(
        function("format.named", call("format-named", (STRING,), optional_of(FORMAT_TYPE), _named)),
        function(
            "validate",
            member("format-validate", (FORMAT_TYPE, STRING), optional_of(list_of(STRING)), _validate),
        ),
        *(_constant(name, form) for name, form in FORMATS.items()),
    ),
    types={"kubernetes.NamedFormat": FORMAT_TYPE},
)
