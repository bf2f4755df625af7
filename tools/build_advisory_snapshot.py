"""Makes the advisories that ship with the program out of a folder of OSV files.

Usage: tools/build_advisory_snapshot.py --from FOLDER [--into src/propolis/images/data]

FOLDER holds ``*.jsonl.zst`` and SOURCES.toml ([[source]] source, repo, licence, attribution, date). Facts
alone are taken: ids, aliases, packages, versions, severities, references, exploitation; no titles and no
descriptions. Records that were withdrawn or that can match nothing are left out. The same input gives the
same bytes.
"""

import argparse
import hashlib
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from propolis.core.errors import Error
from propolis.images.model.advisory import Advisory
from propolis.images.model.exploitation import Exploitation, merged
from propolis.images.model.osv_document import osv_document
from propolis.images.sources.osv import read_osv

ROOT = Path(__file__).parents[1]
MAX_BYTES = 10 * 1024 * 1024
LEVEL = 19
BEGIN, END = "Vulnerability data", "End of vulnerability data."


def main() -> None:
    """Reads, writes both files and the notices, and prints the counts."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--from", dest="folder", type=Path, required=True)
    arguments.add_argument("--into", type=Path, default=ROOT / "src/propolis/images/data")
    arguments.add_argument("--notice", type=Path, default=ROOT / "NOTICE")
    options = arguments.parse_args()
    advisories, exploitations = read(options.folder)
    sources = sources_of(options.folder)
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(lines(advisories, exploitations))
    if len(packed) > MAX_BYTES:
        sys.exit(f"the snapshot has {len(packed)} bytes; at most {MAX_BYTES} may ship")
    options.into.mkdir(parents=True, exist_ok=True)
    (options.into / "advisories.jsonl.zst").write_bytes(packed)
    (options.into / "advisories.toml").write_text(description(packed, advisories, sources), encoding="utf-8")
    options.notice.write_text(noticed(options.notice.read_text(encoding="utf-8"), sources), encoding="utf-8")
    print(f"{len(advisories)} advisories, {len(exploitations)} exploitations, {len(packed)} bytes")


def read(folder: Path) -> tuple[list[Advisory], dict[str, Exploitation]]:
    """Advisories that can match, by id, and what is known of attacks. Ends on any record that is wrong."""
    advisories: dict[str, Advisory] = {}
    exploitations: dict[str, Exploitation] = {}
    for entry in read_osv(folder):
        if isinstance(entry, Error):
            sys.exit(str(entry))
        if isinstance(entry, Exploitation):
            known = exploitations.get(entry.id)
            exploitations[entry.id] = merged(known, entry) if known else entry
        elif entry.affected and entry.withdrawn is None:
            advisories[entry.id] = as_fact(entry)
    return [advisories[name] for name in sorted(advisories)], exploitations


def as_fact(advisory: Advisory) -> Advisory:
    """Without texts, and without related names where the weaknesses are named."""
    related = () if advisory.upstream or advisory.aliases else advisory.related
    return msgspec.structs.replace(advisory, summary="", details="", related=related)


def lines(advisories: list[Advisory], exploitations: dict[str, Exploitation]) -> bytes:
    """All records as JSON Lines."""
    facts = [osv_document(advisory) for advisory in advisories]
    attacks = [msgspec.json.encode(wire(exploitations[name])) for name in sorted(exploitations)]
    return b"\n".join([*facts, *attacks]) + b"\n"


def wire(exploitation: Exploitation) -> dict[str, str]:
    """One weakness in the words that are read back."""
    words = {
        "id": exploitation.id,
        "dateAdded": exploitation.exploited_since,
        "dueDate": exploitation.due,
        "knownRansomwareCampaignUse": "Known" if exploitation.is_ransomware else "",
        "exploitation": exploitation.exploitation,
        "automatable": exploitation.automatable,
        "technicalImpact": exploitation.technical_impact,
        "cvss": exploitation.vector,
    }
    return {key: word for key, word in words.items() if word}


def sources_of(folder: Path) -> list[dict[str, Any]]:
    """The sources with their terms, sorted by name."""
    document = tomllib.loads((folder / "SOURCES.toml").read_text(encoding="utf-8"))
    return sorted(document["source"], key=lambda source: str(source["source"]))


def description(packed: bytes, advisories: list[Advisory], sources: list[dict[str, Any]]) -> str:
    """What ships beside the data: its digest, counts and sources."""
    taken = max(str(source["date"]) for source in sources)
    newest = max(day for advisory in advisories if (day := f"{advisory.modified:%Y-%m-%d}") <= taken)
    parts = [
        "# Written by tools/build_advisory_snapshot.py.",
        f'sha256 = "{hashlib.sha256(packed).hexdigest()}"',
        f"advisories = {len(advisories)}",
        f'newest = "{newest}"',
    ]
    for source in sources:
        address = f"https://{source['repo']}" if source["repo"] else ""
        parts += [
            "",
            "[[source]]",
            f"name = {quoted(source['source'])}",
            f"address = {quoted(address)}",
            f"licence = {quoted(source['licence'])}",
            f"attribution = {quoted(source['attribution'])}",
            f"dated = {quoted(source['date'])}",
        ]
    return "\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """A TOML string; JSON's escapes are a subset of TOML's."""
    return msgspec.json.encode(text).decode()


def noticed(notice: str, sources: list[dict[str, Any]]) -> str:
    """The notices with the attributions of all sources in their section."""
    before, _, rest = notice.partition(f"{BEGIN}\n")
    after = rest.partition(f"{END}\n")[2]
    section = [
        BEGIN,
        "",
        "propolis/images/data holds facts (ids, packages, versions, severities, references) from:",
        "",
    ]
    for source in sources:
        section += [f" - {source['attribution']}", f"   {source['source']}; licence: {source['licence']}"]
    return before.rstrip("\n") + "\n\n" + "\n".join([*section, "", END]) + "\n" + after


if __name__ == "__main__":
    main()
