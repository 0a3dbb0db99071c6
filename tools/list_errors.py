"""Write docs/errors.md: every error that tocsin raises on purpose, with its code and what it means.

Read from the source, so that nothing is imported: a class with a `code` of its own. `--check` only says whether the
list is current.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[1]
SOURCES = CHECKOUT / "src" / "tocsin"
LIST = CHECKOUT / "docs" / "errors.md"

HEAD = """# Errors
Written by `python tools/list_errors.py` from the source; do not edit. A page, the command line and the relay show the code
beside the sentence. A family's own name (`desk`, `relay`) is the code of whatever in it has none of its own. Two codes have
no class: `desk.page`, the desk's answer for an address that it does not have, and `relay.unclear`, for a refusal that gives
no reason.
"""


class Listed(NamedTuple):
    """One class of error."""

    code: str
    name: str
    meaning: str
    module: str


def listed_errors() -> list[Listed]:
    """List the errors of every module, by code."""
    found = [error for path in sorted(SOURCES.rglob("*.py")) for error in _errors_in(path)]
    return sorted(found, key=lambda error: (error.code.partition(".")[0], error.code, error.name))


def _errors_in(path: Path) -> Iterator[Listed]:
    module = path.relative_to(CHECKOUT).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and (code := _code_of(node)) is not None:
            meaning = (ast.get_docstring(node) or "").partition("\n")[0]
            yield Listed(code, node.name, meaning, module)


def _code_of(node: ast.ClassDef) -> str | None:
    for line in node.body:
        match line:
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code)))
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code)))
            ):
                return code or None  # A field that is empty at first is no code of an error.
    return None


def render(errors: list[Listed]) -> str:
    """Write the page: one table a family."""
    families: dict[str, list[Listed]] = {}
    for error in errors:
        families.setdefault(error.code.partition(".")[0], []).append(error)
    return HEAD + "".join(_table(family, rows) for family, rows in families.items())


def _table(family: str, rows: list[Listed]) -> str:
    lines = [f"\n## {family}\n", "| code | error | it means | raised or declared in |", "|---|---|---|---|"]
    lines += [f"| `{row.code}` | `{row.name}` | {row.meaning} | `{row.module}` |" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the list, or say whether it is current."""
    page = render(listed_errors())
    if "--check" not in arguments:
        LIST.write_text(page, encoding="utf-8")
        return 0
    if LIST.read_text(encoding="utf-8") == page:
        return 0
    print("docs/errors.md is not current; run `python tools/list_errors.py`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
