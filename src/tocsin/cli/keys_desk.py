"""What `tocsin keys` does at a desk that stands: the roll, a lost device, custodians' shares, journeys, passphrases.

Each step is one button of the pages, by the same function. What is asked for by number or id is listed by a step of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tocsin.core.ledger import Duty
    from tocsin.desk.desk import Desk
    from tocsin.desk.ledger.custody import RequestRow

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a step is about, as far as it was said."""

    device: int = 0
    change: str = ""
    request: int = 0
    reason: str = ""
    duties: tuple[Duty, ...] = ()
    languages: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    """The first line of the file of words: another passphrase."""


# the roll ---


def changes(desk: Desk, _about: About, say: Say) -> None:
    """List what founders are asked to sign: id, how far it is, what it changes."""
    from tocsin.desk.ledger.roll_queries import changes_page

    for row in changes_page(desk).standing:
        say(f"{row.code} {len(row.signed)} of {row.n_needed}: {' '.join(row.said)}")


def approve(desk: Desk, about: About, say: Say) -> None:
    """Sign a change as this desk's founder."""
    from tocsin.desk.ledger import changes as rolls

    try:
        code = bytes.fromhex(about.change)
    except ValueError:
        raise typer.BadParameter("it is no id; `changes` lists them", param_hint="--change") from None
    rolls.sign(desk, code)
    _go(desk)
    say("Signed.")


def duties(desk: Desk, about: About, say: Say) -> None:
    """Ask the founders to give a device other duties."""
    from tocsin.desk.ledger import changes as rolls

    say(rolls.propose_duties(desk, _device(about), about.duties, about.languages).hex())
    _go(desk)


def remove(desk: Desk, about: About, say: Say) -> None:
    """Ask the founders to remove a device for good."""
    from tocsin.desk.ledger import changes as rolls

    say(rolls.propose_removal(desk, _device(about)).hex())
    _go(desk)


# a device is lost ---


def lost(desk: Desk, about: About, say: Say) -> None:
    """Say what a device could open, by code and number; with a reason, bar it at once and give what it knew new keys."""
    from tocsin.desk.ledger import actions
    from tocsin.desk.ledger.lost import lost_page

    number = _device(about)
    if about.reason:
        if about.reason not in actions.REASONS:
            raise typer.BadParameter(f"one of {', '.join(actions.REASONS)}", param_hint="--reason")
        actions.bar(desk, number, reason=about.reason)
        _go(desk)
        actions.rotate(desk, number)
        _go(desk)
    page = lost_page(desk, number)
    said = "it never said how many" if page.people_named is None else f"{page.people_named} people"
    say(f"barred: {'no' if page.bar is None else f'yes, {page.bar.hours_left} hours left'}")
    say(f"could name: {said}, {page.cases_held} cases")
    for case in page.cases:
        say(f"case {case.code}: warn {case.people} people")
    if page.cases_elsewhere:
        say(f"{page.cases_elsewhere} more cases that this desk does not share")
    for row in page.legs:
        say(f"leg {row.leg.leg}: stop it on the page of the lost laptop")
    for name in page.due:
        say(f"new keys wait for this desk to write: {name}")


def lift(desk: Desk, about: About, say: Say) -> None:
    """Say as a founder that a bar may end."""
    from tocsin.desk.ledger import actions

    actions.lift(desk, _device(about))
    _go(desk)
    say("Said. It ends once enough founders have.")


# custodians ---


def requests(desk: Desk, _about: About, say: Say) -> None:
    """List the cases that custodians are asked for: the record's number, the case, who asks and why."""
    for row in _requests(desk):
        word = row.answer or ("may be released" if row.may_release else "not yet to be released")
        say(f"{row.number} {row.case} device {row.by} of organisation {row.organisation}: {row.why} ({word})")


def release(desk: Desk, about: About, say: Say) -> None:
    """Release this desk's share to whoever asked in a record."""
    from tocsin.desk.ledger import custody

    custody.release(desk, _asked_in(desk, about.request).case, number=about.request)
    _go(desk)
    say("Released.")


def refuse(desk: Desk, about: About, say: Say) -> None:
    """Refuse it, in everyone's sight."""
    from tocsin.desk.ledger import custody

    custody.refuse(desk, _asked_in(desk, about.request).case, number=about.request)
    _go(desk)
    say("Refused.")


def _requests(desk: Desk) -> tuple[RequestRow, ...]:
    from tocsin.desk.ledger.custody import custody_page

    page = custody_page(desk)
    return (*page.to_answer, *page.answered)


def _asked_in(desk: Desk, number: int) -> RequestRow:
    from tocsin.desk.errors import NotHere

    row = next((row for row in _requests(desk) if row.number == number), None)
    if row is None:
        raise NotHere
    return row


# a journey, and passphrases ---


def travel(desk: Desk, _about: About, say: Say) -> None:
    """Prepare a travel lock, or say how far it is."""
    from tocsin.desk.machine import travel as journeys

    if not journeys.travel_page(desk).is_prepared:
        journeys.prepare(desk)
    _go(desk)
    page = journeys.travel_page(desk)
    say(f"{len(page.keepers)} of {page.n_needed} founders keep their share")


def depart(desk: Desk, _about: About, say: Say) -> None:
    """Lock the desk: from now on nobody opens it until two founders let it back in, on its page."""
    from tocsin.desk.machine import travel as journeys
    from tocsin.desk.sync import sync

    sync(desk, everything=True)
    journeys.put_away(desk)
    say("Locked.")


def stay(desk: Desk, _about: About, say: Say) -> None:
    """Do not travel after all."""
    from tocsin.desk.machine import travel as journeys

    journeys.call_off(desk)
    _go(desk)
    say("Called off.")


def share(desk: Desk, about: About, say: Say) -> None:
    """Give this founder's share for a device away, to be read aloud to whoever's voice is known."""
    from tocsin.desk.ledger.away import share_page

    page = share_page(desk, _device(about))
    say(f"{page.number} {' '.join(page.words)}")


def passphrase(desk: Desk, about: About, say: Say) -> None:
    """Change the passphrase to that of the file."""
    from tocsin.desk.start.passphrase import check_passphrase

    check_passphrase(about.secret, about.secret)
    desk.keyfile.change_passphrase(about.secret)
    say("Changed.")


def duress(desk: Desk, about: About, say: Say) -> None:
    """Let the passphrase of the file open an empty desk and call for help."""
    desk.keyfile.set_duress(about.secret)
    say("Set.")


STEPS: dict[str, Callable[[Desk, About, Say], None]] = {
    each.__name__: each
    for each in (
        changes, approve, duties, remove, lost, lift, requests, release, refuse, travel, depart, stay, share,
        passphrase, duress,
    )
}  # fmt: skip


def secret_in(path: Path | None) -> str:
    """Read the first line of a file of words."""
    return "" if path is None else path.read_text(encoding="utf-8").split("\n", 1)[0]


def _device(about: About) -> int:
    if not about.device:
        raise typer.BadParameter("say which", param_hint="--device")
    return about.device


def _go(desk: Desk) -> None:
    from tocsin.desk.sync import sync

    sync(desk)
