"""Jobs: beside the pages, stoppable, and remembered over a restart. Real desks, real children, real kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import find_in_files, note
from sitekit import Visitor, start_site

from tocsin.desk.desk import Desk
from tocsin.desk.errors import Locked, NotHere
from tocsin.desk.jobs import NAME, JobNote, Jobs, Progress, State, Work
from tocsin.desk.site.session import Session
from tocsin.desk.verifying import VERIFY

CANARY = "canaryjb"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks with something in the ledger."""
    with make_coalition(tmp_path_factory.mktemp("jobs"), n=2) as coalition:
        for n in range(30):
            coalition.desks[0].append(note(f"{CANARY} {n}"), to="watch")
        coalition.sync_all()
        yield coalition


@pytest.fixture
def desk(made: Coalition) -> Desk:
    """The first desk, without notes of earlier jobs."""
    (made.folders[0] / NAME).unlink(missing_ok=True)
    return made.desks[0]


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def ended(jobs: Jobs, job: JobNote) -> JobNote:
    """Wait for a job's end."""
    wait_for(lambda: jobs.one(job.id).ended_at is not None)
    return jobs.one(job.id)


def endless(_desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
    """Count on until stopped."""
    for n in range(1_000_000):
        progress.step(n % 100, 100)
        time.sleep(0.005)
    return "never"


def child(_desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
    """Wait for a child that waits for a question which does not come before the job is stopped."""
    from tocsin.desk.children import run_in_child

    stopped = threading.Event()

    def question() -> Iterator[bytes]:
        stopped.wait(60)
        yield b""

    with progress.ended_by(stopped.set):
        return str(run_in_child("tocsin.desk.verifying", question(), progress))


ENDLESS = Work(name="endless", title="Count for ever", run=endless)


def test_everything_is_verified_beside_the_pages(desk: Desk) -> None:
    jobs = Jobs(desk, [VERIFY])

    note = ended(jobs, jobs.start("verify"))

    assert note.state is State.DONE
    assert note.said.startswith(f"All {desk.world.size} records are sound")
    assert (note.done, note.total) == (desk.world.size, desk.world.size)


def test_a_signature_that_is_not_its_authors_is_found(made: Coalition, tmp_path: Path) -> None:
    desk = made.desks[1]
    jobs = Jobs(desk, [VERIFY])
    before = desk.replica._db.execute("select signature from record where number = 5").fetchone()[0]
    other = desk.replica._db.execute("select signature from record where number = 6").fetchone()[0]
    desk.replica._db.execute("update record set signature = ? where number = 5", (other,))
    try:
        found = ended(jobs, jobs.start("verify"))
    finally:
        desk.replica._db.execute("update record set signature = ? where number = 5", (before,))

    assert found.state is State.FAILED
    assert "damaged" in found.said
    assert ended(jobs, jobs.start_again(found.id)).state is State.DONE


def test_one_of_a_kind_runs_at_a_time_and_stops_when_told_to(desk: Desk) -> None:
    jobs = Jobs(desk, [ENDLESS])
    first = jobs.start("endless")
    second = jobs.start("endless")
    wait_for(lambda: jobs.one(first.id).done > 0)
    jobs.put_away(first.id)
    is_still_there = jobs.one(first.id).runs

    jobs.cancel(first.id)
    stopped = ended(jobs, first)
    jobs.put_away(first.id)

    assert first.id == second.id
    assert is_still_there
    assert stopped.state is State.CANCELLED
    assert jobs.all() == []
    with pytest.raises(NotHere):
        jobs.start("nothing of the kind")


def test_a_job_that_waits_for_a_child_stops_at_once(desk: Desk) -> None:
    jobs = Jobs(desk, [Work(name="child", title="Wait", run=child)])
    job = jobs.start("child")

    jobs.cancel(job.id)

    assert ended(jobs, job).state is State.CANCELLED


def test_a_child_that_dies_is_said_in_a_sentence(desk: Desk) -> None:
    from tocsin.desk.children import run_in_child

    def run(_desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
        return str(run_in_child("tocsin.desk.no_such_module", iter([b"x" * 100_000] * 50), progress))

    jobs = Jobs(desk, [Work(name="dies", title="Die", run=run)])

    found = ended(jobs, jobs.start("dies"))

    assert found.state is State.FAILED
    assert "start it again" in found.said


def test_a_child_is_told_nothing_by_its_command_line_or_environment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_CANARY", CANARY)
    jobs = Jobs(desk, [Work(name="child", title="Wait", run=child)])
    job = jobs.start("child")
    seen: list[bytes] = []

    def look() -> bool:
        children = [each for each in Path("/proc").glob("[0-9]*") if _parent_of(each) == os.getpid()]
        seen.extend((each / "cmdline").read_bytes() + (each / "environ").read_bytes() for each in children)
        return any(b"tocsin.desk.verifying" in shown for shown in seen)

    wait_for(look)
    jobs.cancel(job.id)
    ended(jobs, job)

    shown = next(shown for shown in seen if b"tocsin.desk.verifying" in shown)
    assert CANARY.encode() not in shown
    assert str(desk.folder).encode() not in shown


def _parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def test_locking_ends_jobs_and_says_so_when_unlocked_again(
    made: Coalition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.desk.site.session.WORKS", (ENDLESS,))
    made.desks[1].close()
    (made.folders[1] / NAME).unlink(missing_ok=True)
    session = Session()
    session.begin(made.folders[1], sync_every=0)
    try:
        session.unlock(PASSPHRASE)
        jobs = session.jobs
        assert jobs is not None
        job = jobs.start("endless", {"of": CANARY})
        wait_for(lambda: jobs.one(job.id).done > 0)

        session.lock()

        assert not any(thread.name == "job" for thread in threading.enumerate())
        assert find_in_files(made.folders[1], [CANARY]) == set()
        with pytest.raises(Locked):
            jobs.start("endless")
        session.unlock(PASSPHRASE)
        assert session.jobs is not None
        again = session.jobs.start_again(job.id)
        assert jobs.one(job.id).state is State.INTERRUPTED
        assert [(note.id, note.asked) for note in session.jobs.all()] == [(again.id, {"of": CANARY})]
    finally:
        session.lock()
        made.desks[1] = Desk.open(made.folders[1], PASSPHRASE, clock=made.clock)


def test_notes_that_the_disk_changed_are_said_and_begun_anew(desk: Desk) -> None:
    jobs = Jobs(desk, [VERIFY])
    ended(jobs, jobs.start("verify"))
    path = desk.folder / NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

    damaged = Jobs(desk, [VERIFY])
    ended(damaged, damaged.start("verify"))

    assert damaged.is_unreadable
    assert [note.state for note in Jobs(desk, [VERIFY]).all()] == [State.DONE]


def test_what_ends_in_a_way_it_should_not_is_over_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: kinds.append(args.exc_type))

    def run(_desk: Desk, _progress: Progress, _asked: Mapping[str, str]) -> str:
        raise ZeroDivisionError(CANARY)

    jobs = Jobs(desk, [Work(name="breaks", title="Break", run=run)])

    found = ended(jobs, jobs.start("breaks"))

    assert found.state is State.FAILED
    assert CANARY not in found.said
    wait_for(lambda: kinds == [ZeroDivisionError])


def test_a_desk_that_was_killed_shows_its_job_as_interrupted(made: Coalition) -> None:
    """On the pages, as a person sees it: begun, watched, killed, started again, put away."""
    made.desks[0].close()
    (made.folders[0] / NAME).unlink(missing_ok=True)
    program = (
        "import sys, time; from pathlib import Path; from tocsin.desk.desk import Desk\n"
        "from tocsin.desk.jobs import Jobs, Work\n"
        "desk = Desk.open(Path(sys.argv[1]), sys.argv[2])\n"
        "jobs = Jobs(desk, [Work(name='verify', title='x', run=lambda *_: time.sleep(60) or '')])\n"
        "jobs.start('verify'); print('begun', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(made.folders[0]), PASSPHRASE]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, env=made.environment())
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"begun\n"
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=20)
    assert worker.returncode == -signal.SIGKILL

    site = start_site(made.folders[0], made.environment())
    person = Visitor(site)
    try:
        home = person.come_in().text
        job = (
            next(part for part in home.split('"') if "/machine/jobs/" in part).rstrip("/").rpartition("/")[2]
        )
        interrupted = person.get(f"machine/jobs/{job}/").text
        running = person.post(f"machine/jobs/{job}/again/", seen=f"machine/jobs/{job}/")
        again = str(running.url).rstrip("/").rpartition("/")[2]
        wait_for(lambda: "records are sound" in person.get(f"machine/jobs/{again}/watch/").text)
        done = person.get(f"machine/jobs/{again}/").text
        away = person.post(f"machine/jobs/{again}/away/", seen=f"machine/jobs/{again}/").text
    finally:
        person.close()
        site.stop()
        made.desks[0] = Desk.open(made.folders[0], PASSPHRASE, clock=made.clock)

    assert "Interrupted: the desk was locked or the machine went off" in interrupted
    assert 'http-equiv="refresh"' not in interrupted + done
    assert "<strong>Done.</strong>" in done
    assert "None. Long work" in away
