"""The browser's bundle: noticed when missing, damaged or stale; always the same bytes; sealed submissions."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.bundle import BundleUnusable, bundle_path, check_bundle, hash_sources, source_files

ROUND_TRIP = """
import { Decrypter, generateHybridIdentity, generateX25519Identity } from "age-encryption";
import { identityToRecipient } from "age-encryption";
const { sealSubmission } = await import(process.argv[1]);
const orders = JSON.parse(process.argv[2]);
const answers = [];
for (const { text, hybrid, classical, twice } of orders) {
  const keys = [];
  for (let i = 0; i < hybrid; i++) keys.push(await generateHybridIdentity());
  for (let i = 0; i < classical; i++) keys.push(await generateX25519Identity());
  const recipients = await Promise.all(keys.map(identityToRecipient));
  try {
    const sealed = await sealSubmission(text, twice ? [...recipients, ...recipients] : recipients);
    const opened = [];
    for (const key of keys) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(key);
      opened.push(Buffer.from(await decrypter.decrypt(sealed)).toString("hex"));
    }
    answers.push({ opened, size: sealed.length });
  } catch (trouble) {
    answers.push({ code: trouble.code, sentence: trouble.message });
  }
}
console.log(JSON.stringify(answers));
"""


def seal(node: str, checkout: Path, *orders: dict[str, object]) -> list[dict[str, object]]:
    """Seal in node, with the bundle as it is served, and open with every key."""
    filled = [{"text": "{}", "hybrid": 0, "classical": 0, "twice": False, **order} for order in orders]
    words = [
        node,
        "--input-type=module",
        "-e",
        ROUND_TRIP,
        str(bundle_path() / "seal.js"),
        json.dumps(filled),
    ]
    answer = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=True)
    answers: list[dict[str, object]] = json.loads(answer.stdout)
    return answers


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_path(), tmp_path / "bundle"))


def test_the_bundle_is_whole_and_fresh() -> None:
    check_bundle()


def test_a_missing_bundle_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(BundleUnusable, match="is missing"):
        check_bundle(tmp_path)


def test_a_missing_file_is_noticed(copied: Path) -> None:
    (copied / "seal.js").unlink()

    with pytest.raises(BundleUnusable, match=r"lacks seal\.js"):
        check_bundle(copied)


def test_a_changed_file_is_noticed(copied: Path) -> None:
    with (copied / "seal.js").open("a") as bundle:
        bundle.write("//")

    with pytest.raises(BundleUnusable, match=r"changed seal\.js"):
        check_bundle(copied)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"sources": 1, "files": 2}'])
def test_a_damaged_manifest_is_noticed(copied: Path, manifest: str) -> None:
    (copied / "manifest.json").write_text(manifest)

    with pytest.raises(BundleUnusable, match="damaged manifest"):
        check_bundle(copied)


def test_a_bundle_older_than_its_sources_is_noticed(copied: Path, checkout: Path, tmp_path: Path) -> None:
    sources = tmp_path / "checkout"
    for path in source_files(checkout):
        target = sources / path.relative_to(checkout)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    check_bundle(copied, sources)

    (sources / "js" / "added.js").write_text("export {};\n")

    with pytest.raises(BundleUnusable, match="older than its sources"):
        check_bundle(copied, sources)


def test_no_desk_and_no_relay_starts_with_a_bundle_that_was_changed(checkout: Path, tmp_path: Path) -> None:
    package = tmp_path / "src" / "tocsin"
    shutil.copytree(checkout / "src" / "tocsin", package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "relay" / "static" / "bundle" / "page.js").open("a") as page:
        page.write("//")
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    for verb in (["desk", "--folder"], ["relay", "--home"]):
        command = [sys.executable, "-m", "tocsin", *verb, str(tmp_path / "home")]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "changed page.js" in ended.stderr


def test_the_sources_are_the_same_wherever_they_lie(checkout: Path, tmp_path: Path) -> None:
    for path in source_files(checkout):
        target = tmp_path / path.relative_to(checkout)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)

    assert hash_sources(tmp_path) == hash_sources(checkout)


def test_building_again_gives_the_same_bytes(node: str, checkout: Path, tmp_path: Path) -> None:
    program = "import sys, pathlib, build_bundle; build_bundle.build(pathlib.Path(sys.argv[1]))"
    words = [sys.executable, "-c", program, str(tmp_path / "bundle")]
    subprocess.run(words, cwd=checkout / "tools", check=True)

    built, served = tmp_path / "bundle" / "seal.js", bundle_path() / "seal.js"
    assert hashlib.sha256(built.read_bytes()).digest() == hashlib.sha256(served.read_bytes()).digest()


def test_every_recipient_opens_the_same_padded_submission(node: str, checkout: Path) -> None:
    text = json.dumps({"v": 1, "narrative": "Zimtstern Ößü 🔔"}, ensure_ascii=False)

    answers = seal(node, checkout, *[{"text": text, "hybrid": n} for n in (1, 2, 3, 4)])

    laid_out = len(text.encode()).to_bytes(4, "big") + text.encode()
    expected = laid_out.ljust(16384, b"\0").hex()
    assert [answer["opened"] for answer in answers] == [[expected] * n for n in (1, 2, 3, 4)]


def test_the_size_says_nothing_about_the_words(node: str, checkout: Path) -> None:
    short, long = seal(node, checkout, {"hybrid": 1}, {"hybrid": 1, "text": "x" * 16380})

    assert short["size"] == long["size"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"classical": 1}, "classical"),
        ({"hybrid": 1, "classical": 1}, "classical"),
        ({"hybrid": 0}, "recipients"),
        ({"hybrid": 5}, "recipients"),
        ({"hybrid": 1, "twice": True}, "recipients"),
        ({"hybrid": 1, "text": "x" * 16381}, "size"),
        ({"hybrid": 1, "text": "ö" * 8191}, "size"),
    ],
)
def test_what_must_not_be_sealed_is_refused(
    node: str, checkout: Path, order: dict[str, object], code: str
) -> None:
    (answer,) = seal(node, checkout, order)

    assert answer["code"] == code
    assert "xx" not in str(answer["sentence"])
