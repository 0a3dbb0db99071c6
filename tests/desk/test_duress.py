"""A duress passphrase: opens an empty caseload, takes the real keys off the disk, and calls for help unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import LOW_WORK, PASSPHRASE, Coalition, make_coalition
from sitekit import Visitor, start_site

from tocsin.core.ledger import EVERYBODYS
from tocsin.core.seal import Keyring, WrongPassphrase
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedKeyring, SamePassphrase
from tocsin.desk.keyfile import NAME, SPARE, KeyFile
from tocsin.desk.site.home import _warnings
from tocsin.desk.sync import sync

DURESS = "an invented word of distress"


def keyring() -> Keyring:
    """Invent a keyring with one case, and some of what everybody holds."""
    made = Keyring.fresh()
    made.device, made.founder_number, made.founder_seed = 7, 1, bytes(32)
    for n, name in enumerate(("watch", "people", "clock", "case/aa/identity", "case/aa/file")):
        made.hold(name, bytes([n]) * 16, bytes([n]) * 32)
    made.grant_keys[2600] = made.intake_keys[18000] = bytes(32)
    return made


def seen(folder: Path) -> list[tuple[str, int, int]]:
    """What somebody sees of two files: the lengths of their lines up to the sealed part, size and time."""
    files = [folder / NAME, folder / SPARE]
    heads = [path.read_bytes().split(b"\n---")[0] for path in files]
    return [
        (" ".join(str(len(line)) for line in head.split(b"\n")), path.stat().st_size, path.stat().st_mtime_ns)
        for path, head in zip(files, heads, strict=True)
    ]


def test_two_files_of_one_size_and_time_lie_there_with_and_without_it(tmp_path: Path) -> None:
    folders = [tmp_path / "with", tmp_path / "without"]
    for folder in folders:
        keyfile = KeyFile.create(folder, keyring(), PASSPHRASE, log_n=LOW_WORK)
        if folder.name == "with":
            keyfile.set_duress(DURESS)
        # Beyond the first bucket as well.
        for n in range(700):
            keyfile.keyring.hold(f"response/{n}", n.to_bytes(16, "big"), bytes(32))
        keyfile.save()

    first, second = (seen(folder) for folder in folders)
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert [each[:2] for each in first] == [each[:2] for each in second]
    assert {path.name for path in folders[0].iterdir()} == {path.name for path in folders[1].iterdir()}


def test_it_opens_no_case_and_from_then_on_nothing_else_opens(tmp_path: Path) -> None:
    whole = KeyFile.create(tmp_path, keyring(), PASSPHRASE, log_n=LOW_WORK)
    with pytest.raises(SamePassphrase):
        whole.set_duress(PASSPHRASE)
    whole.set_duress(DURESS)
    with pytest.raises(SamePassphrase):
        whole.change_passphrase(DURESS)
    before = (tmp_path / NAME).read_bytes()

    given = KeyFile.open(tmp_path, DURESS).keyring
    again = KeyFile.open(tmp_path, DURESS).keyring

    assert set(given.compartments) == set(EVERYBODYS)
    assert given.signing_seed == whole.keyring.signing_seed
    assert (given.founder_seed, given.grant_keys, given.intake_keys, given.shares) == (None, {}, {}, {})
    assert given.is_quiet
    assert again == given
    assert before not in [path.read_bytes() for path in tmp_path.iterdir()]
    with pytest.raises(WrongPassphrase):
        KeyFile.open(tmp_path, PASSPHRASE)


def test_cut_off_anywhere_it_still_gives_way(tmp_path: Path) -> None:
    KeyFile.create(tmp_path, keyring(), PASSPHRASE, log_n=LOW_WORK).set_duress(DURESS)
    spare = (tmp_path / SPARE).read_bytes()
    # Killed after the keyring was written over; then after it was replaced, with the spare of before.
    (tmp_path / NAME).write_bytes(bytes(len(spare)))
    with pytest.raises(DamagedKeyring):
        KeyFile.open(tmp_path, PASSPHRASE)
    after_the_first = KeyFile.open(tmp_path, DURESS).keyring
    (tmp_path / SPARE).write_bytes(spare)
    after_the_second = KeyFile.open(tmp_path, DURESS).keyring

    assert after_the_first.is_quiet
    assert after_the_second == after_the_first


def test_it_can_be_changed_and_taken_away_and_so_can_the_real_one(tmp_path: Path) -> None:
    keyfile = KeyFile.create(tmp_path, keyring(), PASSPHRASE, log_n=LOW_WORK)
    keyfile.set_duress(DURESS)
    keyfile.remove_duress()
    with pytest.raises(WrongPassphrase):
        KeyFile.open(tmp_path, DURESS)
    keyfile.set_duress(DURESS + " anew")
    keyfile.change_passphrase(PASSPHRASE + " anew")

    with pytest.raises(WrongPassphrase):
        KeyFile.open(tmp_path, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        keyfile.check(PASSPHRASE)
    assert KeyFile.open(tmp_path, PASSPHRASE + " anew").keyring == keyfile.keyring
    assert KeyFile.open(tmp_path, DURESS + " anew").keyring.is_quiet


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three desks; the first has a case with the second, and a duress passphrase."""
    with make_coalition(tmp_path_factory.mktemp("duress")) as made:
        first = made.desks[0]
        made.sync_all(2)
        first.do(
            lambda member, moment: member.open_compartments(["case/aa/identity", "case/aa/file"], [2], moment)
        )
        made.sync_all(2)
        yield made


def set_on_the_page(coalition: Coalition) -> None:
    """Set the duress passphrase of the first desk as its holder does."""
    site = start_site(coalition.folders[0], coalition.environment())
    person = Visitor(site)
    page = "machine/passphrase/"
    typed = {"passphrase": PASSPHRASE, "new": DURESS, "again": DURESS}
    try:
        person.come_in()
        answers = [
            person.post(page + "duress/", seen=page, **fields)
            for fields in (typed | {"passphrase": "a guess"}, typed | {"again": "a slip"}, typed)
        ]
    finally:
        person.close()
        site.stop()
    assert [answer.status_code for answer in answers] == [403, 409, 200]
    assert "calls for help" in answers[2].text
    assert not any(DURESS in answer.text or DURESS in str(answer.url) for answer in answers)


def test_the_others_are_told_and_its_own_pages_tell_nothing(coalition: Coalition) -> None:
    first, second, third = coalition.desks
    first.close()
    set_on_the_page(coalition)
    site = start_site(coalition.folders[0], coalition.environment(), passphrase=DURESS)
    person = Visitor(site)
    try:
        person.come_in()
        person.post("sync/")
        for desk in (second, third, second):
            sync(desk)
        # Everybody has new keys by now; what is said of its device since it cannot read.
        person.post("sync/")
        shown = {path: person.get(path).text for path in ("", "ledger/", "protect/", "ledger/device/1/")}
    finally:
        person.close()
        site.stop()
    coalition.pass_days(20)
    for desk in (second, third):
        sync(desk)

    for desk in (second, third):
        assert desk.sealed_to([1, 2, 3]) == [2, 3]
        assert any("under pressure" in concern.sentence for concern in _warnings(desk))
        assert desk.world.loads[1] == 1
    for path, text in shown.items():
        assert "Desk" in text, path
        assert not [
            word for word in ("barred", "ledger.bar", "duress", "pressure", "removed") if word in text
        ], path
    assert "0 of 8" in shown["protect/"]
    # No key of any case, not even of what waits on the relay, is left there.
    with closing(Desk.open(coalition.folders[0], DURESS, clock=coalition.clock)) as opened:
        assert set(opened.keyring.compartments) == set(EVERYBODYS)
        assert opened.keyring.grant_keys == {}
    with pytest.raises(WrongPassphrase):
        Desk.open(coalition.folders[0], PASSPHRASE, clock=coalition.clock)
