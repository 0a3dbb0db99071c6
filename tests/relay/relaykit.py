"""A real relay in a process of its own, and desks that talk to it over a socket."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "house" / "plugins"))

from nursery import popen
from tocsin.core.ledger import (
    FOUNDING,
    NO_HASH,
    ROLL,
    SEALED,
    DeviceEntry,
    Founder,
    Header,
    Record,
    RelayEntry,
    Roll,
    SignedRoll,
    coalition_id,
    make_record,
    sign_roll,
)
from tocsin.core.seal import NO_COALITION, Identity, SigningKey, pad_file, seal, seal_body, seal_stream
from tocsin.relay.serve import free_port, wait_until_ready

SOURCE = Path(__file__).parents[2] / "src"
START_SECONDS = 30
OPENED: list[HTTPConnection] = []
"""Desks' connections, closed after each test."""


def real_day() -> int:
    """Say today's day number."""
    return int(time.time()) // 86_400


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def value(self) -> dict[str, object]:
        """The msgpack answer as a plain map."""
        return msgspec.msgpack.decode(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal, or nothing."""
        return str(self.value["code"]) if self.status >= 400 else ""


class RunningRelay:
    """`python -m tocsin.relay.serve` in its own process group."""

    def __init__(
        self,
        home: Path,
        *,
        database: str = "",
        codes: int = 1,
        env: dict[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.home, self.database = home, database
        self.env = env or {}
        self.port = port or free_port()
        self.codes: list[str] = []
        self.options: list[str] = []
        """More words for its command line."""
        self.output = home.parent / f"{home.name}-output.txt"
        self.start(codes)

    def start(self, codes: int = 0) -> None:
        """Start the process and wait until it answers."""
        settings = {"TOCSIN_RELAY_DB": self.database} if self.database else {}
        command = [
            sys.executable,
            "-m",
            "tocsin.relay.serve",
            "--home",
            str(self.home),
            "--port",
            str(self.port),
        ]
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN_", "DJANGO_"))
        }
        environment |= {"PYTHONPATH": str(SOURCE)} | settings | self.env
        with self.output.open("ab") as output:
            self.process = popen(
                [*command, "--lodge", str(codes), *self.options],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until_ready("127.0.0.1", self.port, seconds=START_SECONDS)
        self.codes += [
            line.rsplit(" ", 1)[1]
            for line in self.printed().splitlines()[-codes - 1 :]
            if line.startswith("Lodging")
        ]

    @property
    def key(self) -> bytes:
        """Give the public key that it signs with."""
        return SigningKey.from_seed((self.home / "signing.key").read_bytes()).public

    def printed(self) -> str:
        """Give all it wrote."""
        return self.output.read_text()

    def stop(self) -> None:
        """End it as its keeper would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def kill(self) -> None:
        """Kill it and its worker at once; it must not have ended by itself before."""
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.wait(20) == -signal.SIGKILL

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            return send(connection, method, path, body, headers or {})
        finally:
            connection.close()


def send(connection: HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send a request and read all of its answer."""
    connection.request(method, path, body or None, headers | {"Content-Length": str(len(body))})
    response = connection.getresponse()
    return Answer(
        response.status, response.read(), {key.lower(): value for key, value in response.getheaders()}
    )


def build_shim(folder: Path) -> Path | None:
    """Compile the disk of `disk_shim.c`; nothing where there is no compiler or no such loader."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "disk_shim.so"
    source = Path(__file__).with_name("disk_shim.c")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def b64(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Town:
    """An invented coalition: three founders, some devices of two organisations, one roll."""

    founders: list[SigningKey]
    keys: dict[int, SigningKey]
    roll: Roll
    founding: Record
    name: bytes

    @classmethod
    def found(
        cls,
        *,
        n_devices: int = 4,
        exercise: bool = False,
        offset_days: int = 0,
        day: int | None = None,
        relay_key: bytes = b"",
    ) -> Town:
        """Found a coalition; odd devices are of organisation 1, even ones of 2; from 4 on none has duty."""
        founders = [SigningKey.fresh() for _ in range(3)]
        keys = {number: SigningKey.fresh() for number in range(1, n_devices + 1)}
        today = (real_day() + offset_days) if day is None else day
        roll = Roll(
            version=1,
            previous=NO_HASH,
            lapses_on=today + 14,
            threshold=2,
            founders=tuple(Founder(number, key.public) for number, key in enumerate(founders, 1)),
            devices=tuple(
                DeviceEntry(number, 2 - number % 2, key.public, number < 4, number == 2)
                for number, key in keys.items()
            ),
            relays=(RelayEntry(relay_key or secrets.token_bytes(32), "http://relay.invalid"),),
            duties_hash=secrets.token_bytes(32),
            exercise=exercise,
            offset_days=offset_days,
        )
        body = sign_by(founders[:2], roll, NO_COALITION)
        header = Header(1, FOUNDING, 1, 0, NO_HASH, 1, 0, NO_HASH, today, len(body), secrets.token_bytes(16))
        founding = make_record(header, tag=bytes(32), body=body, key=keys[1], coalition=NO_COALITION)
        return cls(founders, keys, roll, founding, coalition_id(founding))

    @property
    def path(self) -> str:
        """Where its paths begin."""
        return f"/c/{self.name.hex()}"

    def lodge(self, relay: RunningRelay) -> Answer:
        """Move into a relay with its next code."""
        return relay.ask("POST", "/lodge", self.founding.to_bytes(), {"Tocsin-Lodging": relay.codes.pop(0)})

    def desk(self, relay: RunningRelay, number: int = 1) -> Desk:
        """Give a desk of one device."""
        return Desk(self, relay.port, number, day=self.founding.header.day)

    def removal_of(self, device: int, *, by: Desk) -> tuple[Roll, Record]:
        """Make the roll change that removes a device."""
        entries = tuple(
            msgspec.structs.replace(entry, removed=entry.removed or entry.number == device)
            for entry in self.roll.devices
        )
        roll = msgspec.structs.replace(
            self.roll,
            version=self.roll.version + 1,
            previous=self.roll.hash,
            devices=entries,
            lapses_on=by.day + 14,
        )
        return roll, by.make(mark=ROLL, body=sign_by(self.founders[:2], roll, self.name))


def sign_by(founders: list[SigningKey], roll: Roll, coalition: bytes) -> bytes:
    """Make the clear body of a roll that founders 1, 2, ... signed."""
    signatures = tuple(
        sign_roll(roll, key, number=n, coalition=coalition) for n, key in enumerate(founders, 1)
    )
    return SignedRoll(roll.to_bytes(), signatures).to_bytes()


@dataclass
class Desk:
    """One device: makes records of its chain, signs requests, keeps a connection open."""

    town: Town
    port: int
    number: int
    day: int = field(default_factory=real_day)
    chain: int = 0
    previous: bytes = NO_HASH
    compartment: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self.key = self.town.keys.get(self.number) or SigningKey.fresh()
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        OPENED.append(self.connection)
        self.challenge = self.relay_key = b""
        if self.number == self.town.founding.header.device:
            self.chain, self.previous = 1, self.town.founding.hash

    def make(
        self,
        content: bytes = b"",
        *,
        size: int = 2048,
        mark: int = SEALED,
        body: bytes | None = None,
        day: int | None = None,
        roll_version: int | None = None,
        seen: tuple[int, bytes] = (0, NO_HASH),
        fork: bool = False,
    ) -> Record:
        """Make the next record of this chain, really sealed unless a body is given; a fork moves nothing."""
        header = Header(
            version=1,
            mark=mark,
            device=self.number,
            chain=self.chain,
            previous=self.previous,
            roll_version=self.town.roll.version if roll_version is None else roll_version,
            seen_size=seen[0],
            seen_root=seen[1],
            day=self.day if day is None else day,
            size=size if body is None else len(body),
            random=secrets.token_bytes(16),
        )
        tag = bytes(32)
        if mark == SEALED:
            tag, sealed = seal_body(self.compartment, header.to_bytes(), content, size=size)
            body = sealed if body is None else body
        record = make_record(header, tag=tag, body=body or b"", key=self.key, coalition=self.town.name)
        if not fork:
            self.chain, self.previous = self.chain + 1, record.hash
        return record

    def fetch_challenge(self) -> None:
        """Get a fresh challenge and the relay's key."""
        answer = send(self.connection, "GET", f"{self.town.path}/challenge", b"", {})
        self.challenge, self.relay_key = answer.body[:40], answer.body[40:]

    def sign(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """Sign a request."""
        if not self.challenge:
            self.fetch_challenge()
        line = hashlib.sha256(f"{method} {path}".encode()).digest()
        message = self.challenge + self.relay_key + line + hashlib.sha256(body).digest()
        signature = self.key.sign("request", coalition=self.town.name, message=message)
        return {
            "Tocsin-Device": str(self.number),
            "Tocsin-Challenge": b64(self.challenge),
            "Tocsin-Signature": b64(signature),
        }

    def ask(
        self, method: str, path: str, body: bytes = b"", *, signed: bool = True, **headers: str
    ) -> Answer:
        """Ask the relay for something below the coalition's path."""
        path = self.town.path + path
        own = self.sign(method, path, body) if signed else {}
        return send(
            self.connection,
            method,
            path,
            body,
            own | {key.replace("_", "-"): v for key, v in headers.items()},
        )

    def append(self, *records: Record) -> Answer:
        """Append records."""
        return self.ask("POST", "/records", b"".join(record.to_bytes() for record in records))

    def read(self, since: int = 0, limit: int = 2000) -> list[tuple[int, Record]]:
        """Read records from a number on, as the relay gives them."""
        answer = self.ask("GET", f"/records?since={since}&limit={limit}")
        assert answer.status == 200, answer.code
        return list(split_read(answer.body))

    def read_all(self) -> list[Record]:
        """Read the whole ledger, checking that its numbers are dense."""
        records: list[Record] = []
        while part := self.read(len(records)):
            assert [number for number, _ in part] == list(range(len(records), len(records) + len(part)))
            records += [record for _, record in part]
        return records


def split_read(data: bytes) -> list[tuple[int, Record]]:
    """Read the answer of read-since."""
    found, at = [], 0
    while at < len(data):
        number, has_body = int.from_bytes(data[at : at + 8], "big"), data[at + 8]
        clear = data[at + 9 : at + 247]
        size = Header.from_bytes(clear[:110]).size if has_body else 0
        body = data[at + 247 : at + 247 + size] if has_body else None
        found.append((number, Record(clear[:110], clear[110:142], body, clear[142:174], clear[174:])))
        at += 247 + size
    return found


def fresh_grant() -> bytes:
    """Seal a grant to somebody."""
    return seal(secrets.token_bytes(4096), [Identity.fresh().recipient])


def fresh_submission(n_recipients: int = 2, n_plain: int = 16_384) -> bytes:
    """Seal a submission."""
    return seal(bytes(n_plain), [Identity.fresh().recipient for _ in range(n_recipients)])


CHUNK = 1 << 20


def fresh_attachment(n_bytes: int = 1_500_000) -> bytes:
    """Seal an attachment as a page does."""
    out = io.BytesIO()
    seal_stream(
        pad_file(io.BytesIO(secrets.token_bytes(n_bytes)), n_bytes), out, [Identity.fresh().recipient]
    )
    return out.getvalue()


def send_chunk(desk: Desk, address: str, data: bytes, at: int, *, last: bool = False) -> Answer:
    """Send one chunk of an attachment."""
    headers = {"Upload-Offset": str(at), "Upload-Complete": str(int(last))}
    return desk.ask("PATCH", f"/attachment/{address}", data[at : at + CHUNK], signed=False, **headers)


def upload_state(desk: Desk, address: str) -> tuple[str, str]:
    """Ask how much of an attachment is there, and whether that is all."""
    headers = desk.ask("HEAD", f"/attachment/{address}", signed=False).headers
    return headers["upload-offset"], headers["upload-complete"]
