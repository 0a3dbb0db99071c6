"""How somebody wants to be pinged: chosen on a desk, sealed to the sentries, kept sealed to whoever is one now.

Each desk has one such compartment, `pings/<random>`, so that nobody can begin it in its place. Its members are the desk
and the sentries; who is a sentry no longer is relieved of it, and who becomes one is admitted, at the desk's next sync.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial

from tocsin.core.activate import PingChoice, PingTried
from tocsin.core.ledger import Member, Moment, NotEntitled, Outgoing
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NotHere
from tocsin.desk.pings import Target, check_choice
from tocsin.desk.sentry.silence import sentries
from tocsin.desk.site.waiting import waiting_words

ROOM = "pings/"
CODE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What somebody chose, as a sentry reads it."""

    device: int
    compartment: str
    choice: bytes
    """Its record id."""
    at: int
    target: Target | None
    """None for whoever wants no pings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PingPage:
    """What the page shows a desk of its own choice."""

    choice: PingChoice | None
    is_waiting: bool
    """Whether it has not left yet."""
    tried: tuple[tuple[int, bool], ...]
    """By sentry: whether its first ping was taken."""
    n_sentries: int
    may_choose: bool


# on a desk ---


def choose(desk: Desk, *, by: str, to: str) -> None:
    """Have the sentries ping this person so from now on; they try it at once.

    Raises
    ------
    BadPingAddress
        That is no address for this way.
    NotEntitled
        None of this device's duties is pinged.
    """
    if not desk.world.history.now.may_write(desk.device, PingChoice.WRITERS):
        raise NotEntitled(device=desk.device, kind=PingChoice.KIND)
    choice, before = check_choice(by, to), _mine(desk)
    name = _my_room(desk)
    if name is None:
        name = f"{ROOM}{secrets.token_hex(CODE_BYTES)}"
        desk.do(partial(_open, name, _reachable(desk)))
    desk.append(choice, to=name, based_on=before[0] if before else None)


def try_again(desk: Desk) -> None:
    """Have the sentries try the choice that stands.

    Raises
    ------
    NotHere
        Nothing was chosen.
    """
    mine = _mine(desk)
    if mine is None:
        raise NotHere
    choose(desk, by=mine[1].by, to=mine[1].to)


def ping_page(desk: Desk) -> PingPage:
    """Gather what this desk chose, and what the sentries say of it."""
    mine = _mine(desk)
    tried = {each.entry.device: each.content for each in desk.versions(PingTried)}
    is_waiting = mine is not None and any(draft == mine[0] for draft, _ in waiting_words(desk))
    return PingPage(
        choice=mine[1] if mine else None,
        is_waiting=is_waiting,
        tried=tuple(
            (device, word.taken) for device, word in sorted(tried.items()) if mine and word.choice == mine[0]
        ),
        n_sentries=len(sentries(desk)),
        may_choose=desk.world.history.now.may_write(desk.device, PingChoice.WRITERS),
    )


def keep_to_sentries(desk: Desk) -> None:
    """Admit new sentries to this desk's choice and relieve those who are none any more; a sync asks for it every time."""
    name = _my_room(desk)
    known = desk.world.compartments.get(name) if name is not None else None
    current = known.current() if known else None
    if name is None or current is None or desk.replica.leaving().records:
        return
    members = current.members - {desk.device}
    newcomers = sorted({*_reachable(desk)} - members)
    for device in newcomers:
        # All keys, for what was chosen stands under an older one.
        desk.do(partial(_admit, name, device))
    if not newcomers and members - {*sentries(desk)}:
        desk.do(partial(_hand_over, name, sorted({*sentries(desk)} & members | {desk.device})))


def _reachable(desk: Desk) -> list[int]:
    """The sentries who have published a key to seal to."""
    keys = desk.moment().keys
    return [device for device in sentries(desk) if device in keys and device != desk.device]


def _open(name: str, members: list[int], member: Member, moment: Moment) -> Outgoing:
    return member.open_compartments([name], members, moment)


def _hand_over(name: str, to: list[int], member: Member, moment: Moment) -> Outgoing:
    return member.hand_over([name], to, moment)


def _admit(name: str, device: int, member: Member, moment: Moment) -> Outgoing:
    return member.admit(device, [name], moment)


def _my_room(desk: Desk) -> str | None:
    """The compartment of that kind which this device began; what others granted it is not its own."""
    for name in desk.keyring.compartments:
        if name.startswith(ROOM) and (
            _maker(desk, name) == desk.device or desk.member.pending.is_opening(name)
        ):
            return name
    return None


def _maker(desk: Desk, name: str) -> int | None:
    known = desk.world.compartments.get(name)
    epochs = known.epochs.values() if known else ()
    return min(epochs, key=lambda epoch: epoch.number).maker if epochs else None


def _mine(desk: Desk) -> tuple[bytes, PingChoice] | None:
    """This desk's newest choice with its id, also one that has not left."""
    waiting = [(draft, said) for draft, said in waiting_words(desk) if isinstance(said, PingChoice)]
    if waiting:
        return waiting[-1]
    sent = [version for version in desk.versions(PingChoice) if version.entry.device == desk.device]
    return (sent[-1].entry.draft, sent[-1].content) if sent else None


# on a sentry ---


def choices(desk: Desk) -> list[Chosen]:
    """List what everybody chose last. It counts from whoever began that compartment, while they are on the roll."""
    active = {entry.number for entry in desk.world.history.now.roll.active}
    newest: dict[int, Chosen] = {}
    for version in desk.versions(PingChoice):
        device, name = version.entry.device, version.entry.compartment
        if device in active and _maker(desk, name) == device:
            newest[device] = _chosen(version)
    return list(newest.values())


def _chosen(version: Version[PingChoice]) -> Chosen:
    choice, entry = version.content, version.entry
    target = None
    if choice.by != "none":
        target = Target(seat=f"device {entry.device}", by=choice.by, to=choice.to)
    return Chosen(
        device=entry.device, compartment=entry.compartment, choice=entry.draft, at=entry.at, target=target
    )
