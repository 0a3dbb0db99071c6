"""The browser's bundle: where it lies, from what it was built, and whether it is whole and fresh.

`tools/build_bundle.py` builds it; a wheel carries it ready. Next to the built files lies `manifest.json`: the
hash of the sources, and the hash of each file built from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from tocsin.errors import TocsinError

MANIFEST = "manifest.json"
SOURCES = {".js", ".json", ".html", ".css"}

REMEDY = "Run `make bundle` in the checkout, or install the package again."


class BundleUnusable(TocsinError):
    """The witness's page would be served without its sealing code, or with code nobody here wrote."""

    code = "bundle"

    def __init__(self, what: str) -> None:
        super().__init__(f"The browser bundle {what}. {REMEDY}")
        self.what = what


def bundle_path() -> Path:
    """Say in which folder the built files lie."""
    return Path(__file__).parent / "relay" / "static" / "bundle"


def checkout_path() -> Path | None:
    """Say in which checkout this package lies; `None` when it was installed from a wheel."""
    root = Path(__file__).parents[2]
    return root if (root / "package-lock.json").is_file() and (root / "js").is_dir() else None


def source_files(root: Path) -> Iterator[Path]:
    """List what the bundle is made of, in a fixed order."""
    yield root / "package.json"
    yield root / "package-lock.json"
    yield from sorted(path for path in (root / "js").rglob("*") if path.suffix in SOURCES)
    yield root / "tools" / "build_bundle.py"


def hash_sources(root: Path) -> str:
    """Hash names and bytes of everything the bundle is made of."""
    digest = hashlib.sha256()
    for path in source_files(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def check_bundle(bundle: Path | None = None, checkout: Path | None = None) -> None:
    """Refuse a bundle that is missing, damaged, or older than its sources.

    Without arguments the package's own bundle is checked, against the checkout it lies in, if any.
    """
    if bundle is None:
        bundle, checkout = bundle_path(), checkout_path()
    try:
        manifest = json.loads((bundle / MANIFEST).read_bytes())
        sources, files = str(manifest["sources"]), dict(manifest["files"])
    except FileNotFoundError:
        raise BundleUnusable("is missing") from None
    except (ValueError, TypeError, KeyError) as trouble:
        raise BundleUnusable("has a damaged manifest") from trouble
    for name, digest in files.items():
        path = bundle / name
        if not path.is_file():
            raise BundleUnusable(f"lacks {name}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise BundleUnusable(f"has a changed {name}")
    if checkout is not None and hash_sources(checkout) != sources:
        raise BundleUnusable("is older than its sources")
