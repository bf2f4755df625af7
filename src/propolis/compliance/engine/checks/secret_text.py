"""Recognises secrets that stand where everybody may read them. Values are never shown, only their names.

Names and values follow the facts of Polaris' checks on sensitive content; placeholders that some
other program fills in (``${DB_PASSWORD}``, ``{{ .password }}``) are no secrets, and neither is text
that names a file, a switch or a number.
"""

from functools import lru_cache

import re2

SHORTEST_TOKEN = 15
_NAME = re2.compile(
    r"(?i)(passw(or)?d|passphrase|passwd|pswrd|(^|[-_.])(pwd|pw|pass)$|secret|token|bearer|api_?key|apikey"
    r"|private_?key|access_?key|credential"
    r"|^azure_.+key$|^oci_cli_key_content$)"
)
_HARMLESS_NAME = re2.compile(
    r"(?i)([-_.]?(file|path|dir|name|ref|url|uri|endpoint|enabled|disabled|ttl|timeout|expiry|expiration"
    r"|expires|lifetime|length|size|limit|issuer|audience|type|namespace|header|policy|count|interval|id)"
    r"|_arn)$"
)
_SECRET_VALUE = re2.compile(
    r"\b((AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|[sr]k_live_[A-Za-z0-9]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+)"
    r"|(?i)\bbearer[ \t]+[A-Za-z0-9._~+/-]{8,}"
)
"""Tokens that their form gives away: of AWS, GitHub, GitLab, Slack, Google, Stripe, JWT, headers."""
_PRIVATE_KEY = re2.compile(r"(?i)-BEGIN[ \t]+([A-Z0-9]+[ \t]+)*PRIVATE KEY-")
_ASSIGNMENT = re2.compile(
    r"(?im)(?:^[ \t\"']*|[{,][ \t]*\")"
    r"([a-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key)"
    r"[a-z0-9_.-]*)[\"']?[ \t]*[=:][ \t]*[\"']?([^\s\"'#,}]+)"
)
_HARMLESS_VALUE = re2.compile(
    r"(?i)^(\$[({].*|\{\{.*|<.*>|%.*%|true|false|yes|no|none|null|nil|[0-9.]{0,6}|/.*|\*+)$"
)


def is_secret(name: str, value: str) -> bool:
    """Whether a named value looks like a secret written in the open."""
    if has_secret_form(value):
        return True
    return bool(value) and _is_secret_name(name) and not _HARMLESS_VALUE.search(value)


def has_secret_form(text: str) -> bool:
    """Whether a text holds a private key or a token that its form gives away."""
    if "-BEGIN" in text.upper() and _PRIVATE_KEY.search(text):
        return True
    return len(text) >= SHORTEST_TOKEN and _SECRET_VALUE.search(text) is not None


def assigned_secret(text: str) -> str:
    """The first name in a text of settings to which a secret is assigned; empty when there is none."""
    for match in _ASSIGNMENT.finditer(text):
        if _is_secret_name(match.group(1)) and not _HARMLESS_VALUE.search(match.group(2)):
            return str(match.group(1))
    return ""


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    """Whether a name says that a secret follows; names come again and again, so answers are kept."""
    return _NAME.search(name) is not None and _HARMLESS_NAME.search(name) is None
