"""Cut the XML schemas of EPP out of the RFCs that Debian ships, for the registry of the tests and the lab.

    python .ci/schemas.py FOLDER

The RFCs are in the section non-free, so they are neither installed nor committed: two packages are downloaded with
lists and sources of apt's own for this call, the schemas are cut out, the packages are deleted. A folder that holds
them is left alone.
"""

import gzip
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "playbooks" / "module_utils"))

from ankunft_lab import mirror  # noqa: E402 (its folder is no package of ours)
from ankunft_lab.errors import LabError  # noqa: E402

PACKAGES = ("doc-rfc-std", "doc-rfc-std-proposed")
RFCS: Mapping[int, frozenset[str]] = MappingProxyType({
    5730: frozenset({"epp-1.0", "eppcom-1.0"}),
    5731: frozenset({"domain-1.0"}),
    5732: frozenset({"host-1.0"}),
    5733: frozenset({"contact-1.0"}),
    5910: frozenset({"secDNS-1.1"}),
    3915: frozenset({"rgp-1.0"}),
})  # fmt: skip
"""RFC → the last parts of the namespaces whose schemas stand in it."""

RELEASE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TEXT = re.compile(r".*/rfc(\d+)\.txt\.gz\Z")
#: Foot and head of a page stand in the middle of what they interrupt.
PAGE_BREAK = re.compile(r"\n+[^\n]*\[Page \d+\]\n\x0c\n?RFC \d+[^\n]*\n+")
SCHEMA = re.compile(r"<\?xml version=\"1\.0\" encoding=\"UTF-8\"\?>\s*<schema.*?</schema>", re.DOTALL)
NAMESPACE = re.compile(r"targetNamespace=\"urn:ietf:params:xml:ns:([^\"]+)\"")
IMPORT = re.compile(r"(<import namespace=\"urn:ietf:params:xml:ns:([^\"]+)\")\s*/>")
#: Imports all others, so that one schema judges every frame.
WHOLE = "all.xsd"


class SchemasError(Exception):
    """The schemas cannot be had; the message says why and what to do."""


def download(folder: Path) -> None:
    """Download the packages into *folder* without touching what this machine's apt knows or has installed."""
    parts = folder / "apt"
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (parts / name).mkdir(parents=True)
    source = next(source for source in mirror.sources_for(RELEASE) if source.suite == RELEASE)
    line = f"deb [signed-by={KEYRING}] {source.uri} {source.suite} non-free\n"
    (parts / "sources" / "rfcs.list").write_text(line, encoding="ascii")
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": parts / "sources",
        "Dir::State::Lists": parts / "lists",
        "Dir::Cache": parts / "cache",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "--quiet=2", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    for arguments in (["update"], ["download", *PACKAGES]):
        subprocess.run([*apt, *arguments], check=True, cwd=folder)


def texts(package: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of those RFCs in *package* that hold schemas."""
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as files,
    ):
        for member in files:
            match = TEXT.match(member.name)
            if member.isfile() and match and int(match[1]) in RFCS and (file := files.extractfile(member)):
                yield int(match[1]), gzip.decompress(file.read()).decode("latin-1")


def cut(text: str) -> Iterator[tuple[str, str]]:
    """Yield each schema in the *text* of an RFC: the last part of its namespace, and itself."""
    for match in SCHEMA.finditer(re.sub(r"\n\s*\n", "\n", PAGE_BREAK.sub("\n", text))):
        if namespace := NAMESPACE.search(match[0]):
            yield namespace[1], IMPORT.sub(r'\1 schemaLocation="\2.xsd"/>', match[0])


def whole() -> str:
    """Return the schema that imports all others."""
    names = sorted(name for schemas in RFCS.values() for name in schemas)
    imports = "".join(
        f'<import namespace="urn:ietf:params:xml:ns:{name}" schemaLocation="{name}.xsd"/>' for name in names
    )
    return f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>\n'


def make(folder: Path) -> None:
    """Fill *folder*.

    Raises:
        SchemasError: a package or a schema in it is missing.
    """
    try:
        download(folder)
    except (LabError, subprocess.CalledProcessError) as error:
        reason = f"Debian's packages {' and '.join(PACKAGES)} (section non-free of {RELEASE}) could not be downloaded"
        raise SchemasError(f"{reason}: {error}; the mirror that apt names here has to carry them") from error
    wanted = set().union(*RFCS.values())
    for package in sorted(folder.glob("*.deb")):
        for number, text in texts(package):
            for name, schema in cut(text):
                if name in RFCS[number]:
                    (folder / f"{name}.xsd").write_text(schema, encoding="utf-8")
                    wanted.discard(name)
        package.unlink()
    if wanted:
        raise SchemasError(f"no schema of {', '.join(sorted(wanted))} in {', '.join(PACKAGES)}; did their form change?")
    (folder / WHOLE).write_text(whole(), encoding="utf-8")
    shutil.rmtree(folder / "apt")


def main() -> int:
    """Have the folder that the command line names."""
    folder = Path(sys.argv[1]).resolve()
    if (folder / WHOLE).exists():
        return 0
    print("== XML schemas of EPP, out of the RFCs in Debian's section non-free", flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".schemas-", dir=folder.parent))
    try:
        fresh.chmod(0o755)
        make(fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except SchemasError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
