"""Somebody chooses how to be pinged: the sentries read it and try it, nobody else can; who is no sentry any more neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from coalition import Coalition, make_coalition
from deskkit import find_in_files, post_roll
from sentrykit import Sink, Watch, mail_server, make_sentry, web_server, write_pings

from tocsin.core.activate import PingChoice
from tocsin.core.ledger import Duties, Duty, NotEntitled, remove_device
from tocsin.desk.desk import Desk
from tocsin.desk.pings import WORDS, BadPingAddress
from tocsin.desk.sentry import choices, set_deadline
from tocsin.desk.sync import sync

DUTIES = {1: (Duty.SEAT,), 2: (Duty.HANDLER,), 3: (Duty.COUNTER,), 4: (Duty.SENTRY,), 5: (Duty.SENTRY,)}
CANARY = "quillbright"


@pytest.fixture(scope="module")
def woken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give a seat, a handler, a counter and two sentries; time goes on from test to test."""
    with make_coalition(tmp_path_factory.mktemp("woken"), 5, duties=DUTIES) as made:
        yield made


def private(sink: Sink) -> str:
    return f'private = ["127.0.0.1:{sink.port}"]\n'


def sentry_of(
    coalition: Coalition, number: int, *, mail: Sink | None = None, web: Sink | None = None
) -> Watch:
    """Start a sentry that pings nobody but those who chose."""
    desk = coalition.desks[number - 1]
    path = write_pings(desk.folder)
    lines = private(web) if web is not None else ""
    if mail is not None:
        lines += f'[mail]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\nsender = "bell@coalition.example"\n'
    path.write_text(lines, encoding="utf-8")
    return make_sentry(desk, path)


def hook(sink: Sink) -> str:
    return f"http://127.0.0.1:{sink.port}/{CANARY}"


def say(coalition: Coalition, number: int, *, by: str, to: str) -> None:
    choices.choose(coalition.desks[number - 1], by=by, to=to)
    sync(coalition.desks[number - 1])


def chosen_at(desk: Desk) -> dict[int, str]:
    """What a sentry reads: by device, the address."""
    sync(desk)
    return {each.device: each.target.to for each in choices.choices(desk) if each.target}


def test_a_choice_is_tried_at_once_and_whoever_chose_learns_whether_it_was_taken(woken: Coalition) -> None:
    seat = woken.desks[0]
    with web_server() as web, mail_server() as mail:
        sentry = sentry_of(woken, 4, web=web, mail=mail)
        say(woken, 1, by="webhook", to=hook(web))
        say(woken, 2, by="mail", to=f"{CANARY}@handler.example")

        sentry.round(pay=True)
        sentry.round(pay=True)
        sync(seat)
        tried = choices.ping_page(seat).tried
        choices.try_again(seat)
        sync(seat)
        again = choices.ping_page(seat).tried
        sentry.round(pay=True)

    assert [post.split("\n\n", 1)[1] for post in web.arrived] == [WORDS, WORDS]
    assert len(mail.arrived) == 1
    assert (tried, again) == (((4, True),), ())


def test_a_deadline_pings_whoever_chose_and_nobody_who_chose_none(woken: Coalition) -> None:
    seat = woken.desks[0]
    with web_server() as web:
        sentry = sentry_of(woken, 4, web=web)
        say(woken, 1, by="ntfy", to=hook(web))
        say(woken, 2, by="none", to="")
        sentry.round(pay=True)
        for_the_choice = len(web.arrived)
        set_deadline(seat, due_at=seat.now - 60)
        sync(seat)
        sentry.round(pay=True)
        sentry.round(pay=True)

    assert (for_the_choice, len(web.arrived)) == (1, 2)


def test_an_address_that_a_sentry_cannot_or_must_not_reach_is_said_to_whoever_chose_it(
    woken: Coalition,
) -> None:
    seat, handler = woken.desks[:2]
    with web_server() as web:
        sentry = sentry_of(woken, 4)
        say(woken, 1, by="webhook", to=hook(web))
        say(woken, 2, by="mail", to=f"{CANARY}@handler.example")
        sentry.round(pay=True)
        sync(seat)
        sync(handler)

    assert web.arrived == []
    assert [choices.ping_page(desk).tried for desk in (seat, handler)] == [((4, False),)] * 2


def test_an_address_is_read_by_the_sentries_and_by_nobody_else(woken: Coalition) -> None:
    seat, handler, counter = woken.desks[:3]
    with web_server() as web:
        say(woken, 1, by="ntfy", to=hook(web))
        for desk in woken.desks:
            sync(desk)
        read = {desk.device: [each.to for each in desk.contents(PingChoice)] for desk in (handler, counter)}

        assert chosen_at(woken.desks[3])[1] == chosen_at(woken.desks[4])[1] == hook(web)
    assert hook(web) not in [address for addresses in read.values() for address in addresses]
    assert find_in_files(woken.relay_home.parent, [CANARY]) == set()
    assert "pings/" not in str(seat.contents(PingChoice))


def test_a_choice_that_a_stranger_makes_in_another_s_name_changes_nothing(woken: Coalition) -> None:
    seat, handler = woken.desks[:2]
    say(woken, 1, by="ntfy", to="https://ntfy.example/mine")
    name = "pings/of-another"
    handler.do(lambda member, moment: member.open_compartments([name], [1, 4, 5], moment))
    sync(handler)
    sync(seat)
    seat.append(PingChoice(by="ntfy", to="https://ntfy.example/lured"), to=name)
    sync(seat)

    assert chosen_at(woken.desks[3])[1] == "https://ntfy.example/mine"


def test_who_is_not_pinged_cannot_choose(woken: Coalition) -> None:
    with pytest.raises(NotEntitled):
        choices.choose(woken.desks[2], by="ntfy", to="https://ntfy.example/x")


@pytest.mark.parametrize(
    ("by", "to"),
    [
        ("mail", CANARY),
        ("mail", f"a@b.example\nBcc: {CANARY}@c.example"),
        ("webhook", f"http://{CANARY}.example/x"),
        ("ntfy", "ftp://ntfy.example/x"),
        ("ntfy", "https://ntfy.example/" + 500 * "x"),
        ("pigeon", CANARY),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(woken: Coalition, by: str, to: str) -> None:
    with pytest.raises(BadPingAddress) as refusal:
        choices.choose(woken.desks[0], by=by, to=to)

    assert CANARY not in str(refusal.value)


def test_a_sentry_that_leaves_reads_no_new_address_and_one_that_comes_reads_all(tmp_path: Path) -> None:
    with make_coalition(tmp_path, 5, duties={**DUTIES, 3: (Duty.COUNTER,)}) as coalition:
        seat, poster = coalition.desks[0], coalition.desks[1]
        say(coalition, 1, by="ntfy", to="https://ntfy.example/first")
        before = [chosen_at(coalition.desks[n - 1]) for n in (4, 5)]
        duties = Duties(duties={**DUTIES, 3: (Duty.SENTRY,), 4: (Duty.COUNTER,)})
        roll = remove_device(seat.world.history.now.roll, 5, day=seat.today, duties=duties)
        poster.append(duties, to="people")
        sync(poster)
        post_roll(coalition, roll, by=poster)
        for _ in range(3):
            for desk in coalition.desks[:4]:
                sync(desk)
        joined = chosen_at(coalition.desks[2])
        say(coalition, 1, by="ntfy", to="https://ntfy.example/second")

        after = [chosen_at(coalition.desks[n - 1]) for n in (3, 4)]
        leaver = coalition.desks[3]

    assert before == [{1: "https://ntfy.example/first"}] * 2
    assert joined == {1: "https://ntfy.example/first"}
    assert after == [{1: "https://ntfy.example/second"}, {}]
    assert not [name for name in leaver.keyring.compartments if name.startswith("pings/")]
