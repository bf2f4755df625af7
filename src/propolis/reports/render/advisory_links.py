"""Where people read about a weakness: the page of the database that names it."""

_PAGES = {
    "CVE-": "https://nvd.nist.gov/vuln/detail/{}",
    "GHSA-": "https://github.com/advisories/{}",
    "GO-": "https://pkg.go.dev/vuln/{}",
    "RUSTSEC-": "https://rustsec.org/advisories/{}.html",
    "RHSA-": "https://access.redhat.com/errata/{}",
    "DSA-": "https://security-tracker.debian.org/tracker/{}",
    "DLA-": "https://security-tracker.debian.org/tracker/{}",
    "USN-": "https://ubuntu.com/security/notices/{}",
}
_ANY = "https://osv.dev/vulnerability/{}"
_WEB = ("https://", "http://")


def page_of(name: str) -> str:
    """The address of a weakness by its name."""
    page = next((page for prefix, page in _PAGES.items() if name.startswith(prefix)), _ANY)
    return page.format(name)


def is_page(address: str) -> bool:
    """Whether an advisory's reference may be shown as a link: a web address without spaces or controls."""
    return address.startswith(_WEB) and address.isprintable() and " " not in address
