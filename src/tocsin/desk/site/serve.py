"""Start the desk's site: one process, bound to 127.0.0.1 before the link is printed, so that nobody can take its place.

A server of our own process rather than granian's workers: the passphrase and the link's token never cross a process border,
and there can only ever be one desk.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIServer

from tocsin.desk.errors import DeskInUse, TravelLocked
from tocsin.desk.site import door
from tocsin.desk.site.door import HOST
from tocsin.errors import DeskError


class PortTaken(DeskError):
    """Somebody else answers at the port that was asked for."""

    code = "desk.port"

    def __init__(self, *, port: int) -> None:
        super().__init__(
            f"Port {port} is taken on this machine. Leave the port out: the desk finds a free one."
        )
        self.port = port


def serve(
    folder: Path,
    *,
    port: int = 0,
    passphrase: str | None = None,
    browser: bool = True,
    sync_every: float = 60,
    quiet: bool = False,
) -> None:
    """Serve the desk in a folder until told to stop; print its one-time link unless told to be quiet.

    In an empty folder a desk is begun. Where another program serves it already, have that open its page again.

    Raises
    ------
    PortTaken
        Only if one was asked for.
    DeskInUse
        It runs already, and no browser is wanted or it does not answer.
    NoDeskHere, WrongPassphrase, DamagedKeyring, DamagedReplica, DeskInUse
        With a passphrase only; without one the page asks for it.
    """
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with door.held(folder) as is_ours:
        if is_ours:
            _begin(folder, port, passphrase, browser=browser, sync_every=sync_every, quiet=quiet)
        elif browser:
            door.knock(folder)
        else:
            raise DeskInUse


def _begin(
    folder: Path, port: int, passphrase: str | None, *, browser: bool, sync_every: float, quiet: bool
) -> None:
    _set_up()
    from tocsin.desk.site.session import session

    session.begin(folder, sync_every=sync_every)
    session.resume_trial()
    try:
        _serve(folder, port, passphrase, browser=browser, quiet=quiet)
    finally:
        session.end_trial()


def _serve(folder: Path, port: int, passphrase: str | None, *, browser: bool, quiet: bool) -> None:
    from tocsin.desk.site.browser import Showing
    from tocsin.desk.site.entrance import entrance
    from tocsin.desk.site.session import session

    if passphrase is not None:
        # A desk locked for a journey: its page asks for founders' words.
        with contextlib.suppress(TravelLocked):
            session.unlock(passphrase)
    # Both, and by name: whoever is started in the background inherits that Ctrl-C is ignored.
    for told_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_end, signal.default_int_handler)
    # Nothing is left to do at the end: what was opened goes with the process, also when it is killed.
    with contextlib.suppress(KeyboardInterrupt), _bind(port) as server:
        host = f"{HOST}:{server.server_port}"
        with contextlib.closing(Showing(folder, entrance, end=server.shutdown)) as page:
            link = entrance.make_link(host)
            if not quiet:
                print(link, flush=True)
            if browser:
                page.show(link)
            with door.answered(folder, lambda: page.show(entrance.make_link(host))):
                server.serve_forever()


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.desk.site.settings"
    import django

    django.setup()
    from tocsin.desk.site.server import say_class

    sys.excepthook = say_class
    threading.excepthook = lambda args: say_class(args.exc_type)


def _bind(port: int) -> WSGIServer:
    from django.core.servers.basehttp import ServerHandler
    from django.core.wsgi import get_wsgi_application

    from tocsin.desk.site.server import Handler, Server

    ServerHandler.server_software = "desk"
    try:
        server = Server((HOST, port), Handler)
    except OSError:
        raise PortTaken(port=port) from None
    server.set_app(get_wsgi_application())
    return server
