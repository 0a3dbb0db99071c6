"""Dates in languages that many browsers do not know are written as CLDR writes them, by our own short table."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

COMPARE = """
const LONG = { dateStyle: "long", timeZone: "UTC" }, SHORT = { weekday: "short", hour: "numeric", minute: "2-digit" };
const pairs = Array.from({ length: 400 }, (_, n) => new Date(Date.UTC(2026, 0, 1 + n))).flatMap((day) =>
  ["az", "ka", "ru", "en"].flatMap((language) => [
    [longDate(language, day), new Intl.DateTimeFormat(language, LONG).format(day)],
    [shortTime(language, day), new Intl.DateTimeFormat(language, SHORT).format(day)],
  ]));
process.stdout.write(JSON.stringify(pairs.filter(([ours, theirs]) => ours !== theirs).slice(0, 5)));
"""


def test_days_and_times_are_those_of_the_whole_cldr(node: str, checkout: Path) -> None:
    module = json.dumps((checkout / "js" / "page" / "dates.js").as_uri())
    lines = f"const {{ longDate, shortTime }} = await import({module});{COMPARE}"
    done = subprocess.run(
        [node, "--input-type=module", "-e", lines], capture_output=True, text=True, check=True, cwd=checkout
    )

    assert json.loads(done.stdout) == []
