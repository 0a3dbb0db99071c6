"""`tocsin-desk`: what a starter calls. Nobody reads a terminal then, so trouble is shown as a page in the browser.

On Windows this runs without any console: there is nothing to print to.
"""

from __future__ import annotations

import contextlib
import html
import sys
import tempfile
import webbrowser
from pathlib import Path
from types import TracebackType

from typer.exceptions import TyperException

from tocsin.cli import build_app
from tocsin.errors import TocsinError

UNEXPECTED = (
    "Something went wrong that should not. Start the desk again; if this comes back, show this page to whoever helps you "
    "with your machine."
)
OTHER_VERSION = (
    "This starter asks for something that this version of the program does not know. Throw it away, run `tocsin starter`, "
    "and use the new one."
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Desk</title></head>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem">
<h1>The desk did not open</h1><p>{sentence}</p><p><small>{code}</small></p></body></html>
"""


def main() -> None:
    """Open the desk as `tocsin desk` would; whatever is in the way is shown as a page."""
    with contextlib.ExitStack() as stack:
        stack.push(show_trouble)
        build_app("desk")(["desk", "--quiet", *sys.argv[1:]], standalone_mode=False)


def show_trouble(
    kind: type[BaseException] | None, trouble: BaseException | None, _: TracebackType | None
) -> None:
    """Show what ended the program, if anything did; what was not expected is shown by its class alone."""
    if kind is None or issubclass(kind, SystemExit | KeyboardInterrupt):
        return
    if isinstance(trouble, TocsinError):
        sentence, code = str(trouble), trouble.code
    elif isinstance(trouble, TyperException):
        sentence, code = OTHER_VERSION, "desk.starter"
    else:
        sentence, code = UNEXPECTED, kind.__name__
    page = Path(tempfile.mkdtemp(prefix="desk-")) / "desk.html"
    page.write_text(_PAGE.format(sentence=html.escape(sentence), code=code), encoding="utf-8")
    webbrowser.open(page.as_uri())
    raise SystemExit(1)
