"""A desk that nobody looks at locks itself; work does not keep it open for ever. Short times, real desks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from sitekit import Visitor, start_site

from tocsin.desk.desk import Desk
from tocsin.desk.jobs import Progress, State, Work
from tocsin.desk.site.idle import seconds_of
from tocsin.desk.site.session import Session


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks, both locked: the first is unlocked by a session, the second by pages."""
    with make_coalition(tmp_path_factory.mktemp("idle"), n=2) as coalition:
        while coalition.desks:
            coalition.desks.pop().close()
        yield coalition


@pytest.fixture
def session(made: Coalition) -> Iterator[Session]:
    """An unlocked desk that locks itself after half a second without a page."""
    one = Session()
    one.begin(made.folders[0], sync_every=0.05, lock_after=0.5)
    yield one
    one.lock()


def wait_until_locked(session: Session) -> None:
    """Wait for a desk to lock itself."""
    give_up = time.monotonic() + 20
    while not session.is_locked:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_a_desk_that_nobody_looks_at_locks_itself_whatever_it_syncs(session: Session) -> None:
    session.unlock(PASSPHRASE)

    wait_until_locked(session)

    assert session.idle.seconds >= 0.5


def test_whoever_looks_keeps_it_open(session: Session) -> None:
    session.unlock(PASSPHRASE)
    for _ in range(12):
        session.idle.seen()
        time.sleep(0.1)

    assert not session.is_locked


def test_a_machine_that_slept_wakes_to_a_locked_desk(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session._lock_after = 3_600
    session.unlock(PASSPHRASE)
    asleep = time.time() + 4_000
    monkeypatch.setattr("tocsin.desk.site.idle.time.time", lambda: asleep)

    session.lock_if_idle()

    assert session.is_locked


def test_a_job_keeps_it_open_for_a_while_and_not_for_ever(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
        while True:
            progress.step(1, 2)
            time.sleep(0.01)

    monkeypatch.setattr("tocsin.desk.site.session.WORKS", (Work(name="long", title="Long", run=run),))
    session.unlock(PASSPHRASE)
    jobs = session.jobs
    assert jobs is not None
    job = jobs.start("long")
    while session.idle.seconds < 1:
        time.sleep(0.05)
    session.lock_if_idle()
    still_open = not session.is_locked
    monkeypatch.setattr("tocsin.desk.site.session.JOB_SECONDS", 1)

    wait_until_locked(session)
    session.lock()

    assert still_open
    assert jobs.one(job.id).state is State.INTERRUPTED


def test_only_an_exercise_may_stay_open_for_ever() -> None:
    assert seconds_of(None, exercise=True) is None
    assert seconds_of(None, exercise=False) == seconds_of(100_000, exercise=False) == 3_600
    assert seconds_of(-3, exercise=False) == 60
    assert seconds_of(15, exercise=False) == seconds_of(15, exercise=True) == 900


def test_the_page_says_when_and_goes_to_the_door_by_itself(made: Coalition) -> None:
    site = start_site(made.folders[1], made.environment())
    person = Visitor(site)
    try:
        before = person.come_in().headers["refresh"]
        chosen = person.post("machine/lock/", seen="machine/choices/", minutes="5")
        refused = person.post("machine/lock/", seen="machine/choices/", minutes="7")
        after = person.get("").headers["refresh"]
        while_open = person.get("away/")
        person.post("lock/")
        locked = person.get("away/")
    finally:
        person.close()
        site.stop()

    assert before.startswith("905; url=/")
    assert '<option value="5" selected>' in chosen.text
    assert refused.status_code == 400
    assert after.startswith("305; url=/")
    assert after.endswith("/away/")
    assert while_open.status_code == 204
    assert "Unlock this desk" in locked.text
    assert "refresh" not in locked.headers
