"""A desk's page in a process of its own, a browser's worth of httpx to visit it, and a coalition with something to do."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
from coalition import PASSPHRASE, Coalition

from nursery import popen
from tocsin.core.activate import Clocks, Protocol, Quorum, Seat
from tocsin.core.count import Tally
from tocsin.core.intake import Account, Facts, Submission, Who, write_submission
from tocsin.core.ledger import Purpose
from tocsin.core.protect import Guide, GuideCode, Offer, OfferCode
from tocsin.core.seal import Recipient, seal
from tocsin.core.watch import Alarm
from tocsin.desk.activate import actions as activating
from tocsin.desk.count import actions as counting
from tocsin.desk.protect import actions as protecting
from tocsin.desk.sync import sync
from tocsin.desk.watch import actions as watching
from tocsin.feeds import autumn_2017, panels_of_2017
from tocsin.terms import Day, DeviceNumber, OrganisationNumber, Period, Place, day_from_date

ALARM_DAY = day_from_date(date(2017, 9, 22))
OFFSET_DAYS = ALARM_DAY - int(time.time()) // 86_400
"""From today to the day on which the raids of Baku were known."""

CANARIES = ("canary-name-quillon", "canary-reach-tamsin", "canary-words-orrery")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Site:
    """A running `tocsin desk` and what it said."""

    process: subprocess.Popen[str]
    link: str
    said: str = ""

    @property
    def address(self) -> str:
        """Give `http://127.0.0.1:<port>`."""
        return self.link.partition("/open/")[0]

    def stop(self) -> str:
        """End it; give everything it printed, on both channels."""
        if self.process.poll() is None:
            self.process.terminate()
            out, err = self.process.communicate(timeout=20)
            self.said += out + err
        return self.said


def start_site(
    folder: Path,
    environment: dict[str, str],
    *,
    passphrase: str | None = PASSPHRASE,
    browser: bool = False,
    sync_every: int = 0,
) -> Site:
    """Start the page of the desk in a folder; without a passphrase it is locked."""
    options = [
        "--folder",
        str(folder),
        "--browser" if browser else "--no-browser",
        "--sync-every",
        str(sync_every),
    ]
    command = [sys.executable, "-m", "tocsin", "desk", *options]
    if passphrase is not None:
        command.append("--passphrase-stdin")
    pipe = subprocess.PIPE
    process = popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)
    assert process.stdin is not None
    assert process.stdout is not None
    if passphrase is not None:
        process.stdin.write(passphrase + "\n")
        process.stdin.flush()
    link = process.stdout.readline()
    assert link.startswith("http://127.0.0.1:"), process.communicate(timeout=5)
    return Site(process, link.strip(), said=link)


class Visitor:
    """Somebody with a browser: keeps cookies, follows on, sends forms as our own pages do."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = httpx.Client(trust_env=False, follow_redirects=True, timeout=30)
        self.home = ""

    def come_in(self) -> httpx.Response:
        """Follow the one-time link."""
        response = self.http.get(self.site.link)
        self.home = str(response.url).removesuffix("unlock/")
        return response

    def get(self, path: str) -> httpx.Response:
        """Open a page below home."""
        return self.http.get(self.home + path)

    def post(self, path: str, *, seen: str = "", **fields: str) -> httpx.Response:
        """Send a form of the page `seen` to a path, both below home."""
        data = {"csrfmiddlewaretoken": self.token(seen), **fields}
        return self.http.post(self.home + path, data=data, headers={"Origin": self.site.address})

    def token(self, seen: str = "") -> str:
        """Read the token of a page's forms."""
        found = _TOKEN.search(self.get(seen).text)
        assert found is not None
        return found[1]

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def give_work(coalition: Coalition) -> None:
    """Bring a coalition of three to the morning on which the seats are asked and the first call lies in the folder."""
    first, second, third = coalition.desks[:3]
    activating.write_protocol(first, protocol())
    for panel in panels_of_2017():
        watching.declare_panel(first, panel)
    watching.record_claims(first, [claim for claim in autumn_2017() if claim.known_on <= ALARM_DAY])
    coalition.sync_all()
    watching.ring(first, Place("az"))
    counting.state_tally(second, Place("az"))
    protecting.add_offer(third, offer())
    protecting.add_guide(third, guide())
    protecting.commit_lottery(third)
    coalition.sync_all(2)
    tally = third.versions(Tally)[-1].entry.draft
    counting.assess(third, tally)
    coalition.sync_all(2)
    activating.raise_alarm(first, first.versions(Alarm)[-1].entry.draft, tally)
    coalition.sync_all(2)
    call_for_help(coalition)
    sync(first)


def protocol() -> Protocol:
    """Two of three seats, of two organisations."""
    seats = tuple(
        Seat(seat=f"seat-{number}", organisation=OrganisationNumber(number), device=DeviceNumber(number))
        for number in (1, 2, 3)
    )
    return Protocol(
        name="exercise",
        version=1,
        seats=seats,
        quorum=Quorum(seats=2, organisations=2),
        clocks=Clocks(),
        needs_alarm=("acute",),
    )


def offer() -> Offer:
    """Four beds that anybody can take."""
    return Offer(
        offer=OfferCode("offer-01"),
        beds=4,
        country=Place("ge"),
        languages=("ka", "ru"),
        step_free=True,
        takes_children=True,
        open=Period(ALARM_DAY, Day(ALARM_DAY + 60)),
    )


def guide() -> Guide:
    """Somebody free from today."""
    return Guide(
        guide=GuideCode("guide-01"),
        device=None,
        leaves=Place("az"),
        reaches=Place("ge"),
        free=Period(ALARM_DAY, Day(ALARM_DAY + 60)),
        trip_days=2,
        people=4,
    )


def call_for_help(coalition: Coalition) -> None:
    """Seal and hand in an invented call, as the witness's page does."""
    desk = coalition.desks[0]
    name, reach, words = CANARIES
    submission = Submission(
        drill=False,
        answer_key=secrets.token_bytes(32),
        locator=secrets.token_bytes(32),
        write_token=secrets.token_bytes(32),
        identity=Who(name=f"Invented Person {name}", reach=f"a lamp in the window, {reach}"),
        narrative=Account(text=f"This person does not exist. {words}", language="en"),
        facts=Facts(place=Place("az-ba"), people=2, n_children=1, danger_now=True, languages=("az",)),
    )
    keys = [
        Recipient(key.public)
        for key in desk.replica.published()
        if key.purpose == Purpose.INTAKE and key.period == desk.today
    ]
    with desk.wire() as wire:
        wire.post_submission(seal(write_submission(submission), keys[:4]))


def serve_first(coalition: Coalition) -> Site:
    """Hand desk 1 over to a page in its own process."""
    coalition.desks.pop(0).close()
    return start_site(coalition.folders[0], coalition.environment())
