"""Pings: to each seat by the way it chose, always the same words, whatever the reason.

A ping says that there is something, never what, where or about whom: a provider, a lock screen and whoever reads along
learn the time and the address. Two reasons that come up before a ping gets through are one ping. A ping that fails is
tried again, ever more slowly, in a thread of its own address, so that no dead server holds up another or the rounds.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import smtplib
import ssl
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Literal

import httpx
import msgspec

from tocsin.core.activate import PingChoice
from tocsin.desk.errors import DiskFull
from tocsin.desk.sentry.notebook import Notebook
from tocsin.errors import DeskError

NAME = "pings.toml"
SUBJECT = "A note"
WORDS = "There is something for you."

TIMEOUT_S = 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 3600.0
REST_S = 60.0
"""Between two pings to one address: whoever makes up reasons shall not ring a telephone all night."""
ENDING_S = 5.0
"""How long the end waits for pings on their way, so that what was taken is noted and not sent again after a restart."""
UNDELIVERED = (OSError, httpx.HTTPError)
"""What a server that is away, slow or unwilling makes the libraries raise; `smtplib` errors are of the first family."""

Address = Annotated[str, msgspec.Meta(pattern=r"^[^\s@<>,;:\"]+@[^\s@<>,;:\"]+$")]


class BadPings(DeskError):
    """The file that says whom to ping cannot be used."""

    code = "desk.pings"

    def __init__(self, why: str) -> None:
        super().__init__(f"The file of pings cannot be used: {why}. docs/how-to/run-a-sentry.md shows one.")
        self.why = why


class BadPingAddress(DeskError):
    """Nobody can be pinged at that address in that way."""

    code = "desk.ping-address"

    def __init__(self, why: str) -> None:
        super().__init__(f"That address cannot be used: it {why}. Go back and mend it.")
        self.why = why


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server that takes mail."""

    host: str
    sender: Address
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    """`none` is for a server on this machine only."""
    user: str = ""
    password_file: str = ""
    """Where the password stands, in its first line; beside the file of pings unless it says where."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to one seat."""

    seat: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Code of the seat, never a name."""
    by: Literal["mail", "webhook", "ntfy"]
    to: str
    """An e-mail address, or the address of a hook or of an ntfy topic."""


class Pings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to ping, and how."""

    ping: tuple[Target, ...] = ()
    """For those who have no desk on which to choose."""
    mail: Mail | None = None
    private: tuple[str, ...] = ()
    """Hosts inside the keeper's own network, as `host:port`, that people may choose: else nobody could make this machine
    knock on doors that are closed to the world."""

    def serves(self, target: Target) -> bool:
        """Say whether this sentry sends to an address that somebody chose on a desk."""
        if target.by == "mail":
            return self.mail is not None
        url = httpx.URL(target.to)
        return f"{url.host}:{url.port}" in self.private or (url.scheme == "https" and not is_inside(url.host))


def read_pings(path: Path) -> Pings:
    """Read and check the file of pings.

    Raises
    ------
    BadPings
    """
    try:
        with open(path, "rb") as source:
            if os.name == "posix" and os.fstat(source.fileno()).st_mode & 0o077:
                raise BadPings("others on this machine can read it; take that right away (chmod 600)")
            pings = msgspec.convert(tomllib.load(source), type=Pings)
    except FileNotFoundError:
        raise BadPings("it is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # What was read is not repeated: it is a list of addresses.
        raise BadPings("it is not TOML") from None
    except msgspec.ValidationError:
        raise BadPings("a field is missing, unknown or not of its kind") from None
    for number, target in enumerate(pings.ping, start=1):
        _check_target(number, target, pings.mail)
    if pings.mail is not None and pings.mail.security == "none" and not _stays_here(pings.mail.host):
        raise BadPings("mail would leave this machine in clear")
    return _find_password(pings, path.parent)


def check_choice(by: str, to: str) -> PingChoice:
    """Check a way and an address that somebody typed.

    Raises
    ------
    BadPingAddress
    """
    try:
        choice = msgspec.convert({"by": by, "to": "" if by == "none" else to.strip()}, type=PingChoice)
    except msgspec.ValidationError:
        raise BadPingAddress("is too long, or the way is not one of those offered") from None
    if choice.by != "none" and (why := _why_not(choice.by, choice.to)):
        raise BadPingAddress(why)
    return choice


def _check_target(number: int, target: Target, mail: Mail | None) -> None:
    if target.by == "mail" and mail is None:
        raise BadPings("it has no mail server")
    if why := _why_not(target.by, target.to):
        raise BadPings(f"ping {number} {why}")


def _why_not(by: str, to: str) -> str:
    """Say why nothing can be sent to an address in some way; empty if it can."""
    if by == "mail":
        try:
            msgspec.convert(to, type=Address)
        except msgspec.ValidationError:
            return "has no e-mail address"
        return ""
    try:
        url = httpx.URL(to)
    except httpx.InvalidURL:
        return "has no address"
    is_sealed = url.scheme == "https" or url.host.endswith(".onion") or is_inside(url.host)
    if url.scheme not in ("http", "https") or not url.host or not is_sealed:
        return "needs an address that begins with https://"
    return ""


def _find_password(pings: Pings, folder: Path) -> Pings:
    """Take the password's file from beside the file of pings, unless it says where it is."""
    if pings.mail is None or not pings.mail.user:
        return pings
    password_file = folder / pings.mail.password_file
    if not password_file.is_file():
        raise BadPings("the mail password's file is not there")
    mail = msgspec.structs.replace(pings.mail, password_file=str(password_file))
    return msgspec.structs.replace(pings, mail=mail)


def _stays_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_inside(host: str) -> bool:
    """Say whether a host is this machine or one of its own network. A name may hide one; its certificate would not fit."""
    try:
        return host == "localhost" or not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


# sending ---


def send_ping(target: Target, mail: Mail | None) -> None:
    """Send the one ping there is.

    Raises
    ------
    OSError, httpx.HTTPError
        It was not taken.
    """
    if target.by == "mail":
        assert mail is not None  # noqa: S101 - `read_pings` has checked
        _send_mail(target.to, mail)
    else:
        _post(target.to)


def _send_mail(to: str, mail: Mail) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = SUBJECT, mail.sender, to
    # Neither this machine's name nor a count of what it sent.
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{mail.sender.rpartition('@')[2]}>"
    message.set_content(WORDS)
    with _connect(mail) as server:
        if mail.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if mail.user:
            password = Path(mail.password_file).read_text(encoding="utf-8").split("\n", 1)[0]
            server.login(mail.user, password)
        server.send_message(message)


def _connect(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(
            mail.host, mail.port, local_hostname="localhost", timeout=TIMEOUT_S, context=context
        )
    return smtplib.SMTP(mail.host, mail.port, local_hostname="localhost", timeout=TIMEOUT_S)


def _post(address: str) -> None:
    headers = {
        "User-Agent": "",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Content-Type": "text/plain; charset=utf-8",
    }
    verify = address.startswith("https:")
    with (
        httpx.Client(trust_env=False, verify=verify, timeout=TIMEOUT_S, headers=headers) as client,
        client.stream("POST", address, content=WORDS.encode()) as response,
    ):
        # The status is enough; an answer may never end.
        if not response.is_success:
            raise httpx.HTTPStatusError("not taken", request=response.request, response=response)


class Pinger:
    """Pays the pings that a notebook owes: to the addresses of the file, and to those that were chosen on desks."""

    def __init__(
        self,
        pings: Pings,
        notebook: Notebook,
        *,
        report: Callable[[str], None],
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self._pings, self._notebook, self._report = pings, notebook, report
        self._first_wait_s = first_wait_s
        self._of_file = {self.mark(each): each for each in pings.ping}
        self._targets = dict(self._of_file)
        self._names = {
            mark: f"ping {number} of the file" for number, mark in enumerate(self._targets, start=1)
        }
        self._lock = threading.Lock()
        self._served: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._is_awake = False
        self._stop = threading.Event()
        self.tried: dict[str, bool] = {}
        """By address: whether the last ping to it was taken; nothing while a choice of it waits to be tried."""

    def mark(self, target: Target) -> str:
        """Name an address so that the name says nothing; one that stands there twice is pinged once."""
        return self._notebook.mark(f"{target.by}\n{target.to}")

    def serves(self, target: Target) -> bool:
        """Say whether this sentry sends to an address that somebody chose."""
        return self._pings.serves(target)

    def outcome(self, target: Target) -> bool | None:
        """Say whether the last ping to an address was taken; None if none was tried, False if none ever will be."""
        return self.tried.get(self.mark(target)) if self.serves(target) else False

    def choose(self, chosen: Iterable[Target]) -> None:
        """Serve these from now on, beside those of the file."""
        found = {self.mark(each): each for each in chosen}
        with self._lock:
            self._targets = {**found, **self._of_file}
            self._names |= {mark: f"the ping of {each.seat}" for mark, each in found.items()}

    def owe(self, reasons: Iterable[str], *, now: int, to: Target | None = None) -> None:
        """Owe everybody, or one address, a ping for what is new among these reasons.

        A full disk stops none of them: they go out all the same, and may go out again after a restart.
        """
        targets = list(self._targets) if to is None else [self.mark(to)]
        self._notebook.forget_old(targets=self._targets, now=now)
        if self._notebook.owe(reasons, targets, now=now) and to is not None:
            self.tried.pop(self.mark(to), None)
        try:
            self._notebook.save()
        except DiskFull as trouble:
            self._report(trouble.code)
        self._serve_all()

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Pay whatever is owed, from now until the end, each address in a thread of its own."""
        self._is_awake = True
        self._serve_all()
        try:
            yield
        finally:
            self._is_awake = False
            self._stop.set()
            until = time.monotonic() + ENDING_S
            for thread in self._threads:
                thread.join(max(0, until - time.monotonic()))

    def pay_once(self) -> int:
        """Try every ping that is owed once; say how many are owed still."""
        owing: Sequence[str] = [mark for mark in self._targets if self._notebook.owed(mark) is not None]
        if owing:
            with ThreadPoolExecutor(len(owing)) as threads:
                return list(threads.map(self._pay, owing)).count(False)
        return 0

    def _serve_all(self) -> None:
        """Have a thread for each address that is owed a ping, until it is paid."""
        with self._lock:
            owing = [mark for mark in self._targets if self._notebook.owed(mark) is not None]
            new = [mark for mark in owing if mark not in self._served] if self._is_awake else []
            self._served.update(new)
        threads = [
            threading.Thread(target=self._serve, args=(mark,), name="ping", daemon=True) for mark in new
        ]
        self._threads = [thread for thread in self._threads if thread.is_alive()] + threads
        for thread in threads:
            thread.start()

    def _serve(self, mark: str) -> None:
        wait_s = self._first_wait_s
        while not self._is_done(mark):
            if self._pay(mark):
                wait_s = self._first_wait_s
                self._stop.wait(REST_S)
            else:
                self._stop.wait(wait_s * (0.75 + secrets.randbelow(501) / 1000))
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _is_done(self, mark: str) -> bool:
        with self._lock:
            is_owed = mark in self._targets and self._notebook.owed(mark) is not None
            if self._stop.is_set() or not is_owed:
                self._served.discard(mark)
                return True
            return False

    def _pay(self, mark: str) -> bool:
        serial, target = self._notebook.owed(mark), self._targets.get(mark)
        if serial is None or target is None:
            return True
        try:
            send_ping(target, self._pings.mail)
        except UNDELIVERED as trouble:
            # The class only: what libraries say repeats the address.
            self._report(f"{self._names[mark]} was not taken ({type(trouble).__name__})")
            self.tried[mark] = False
            return False
        self.tried[mark] = True
        try:
            self._notebook.pinged(mark, serial)
        except DiskFull as trouble:
            self._report(trouble.code)
        return True
