"""Whether a machine is fit, judged from what each system answers; the texts are as those systems write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from coalition import Coalition, make_coalition
from sitekit import Visitor, serve_first

from tocsin.desk.errors import WrongClock
from tocsin.desk.machine import fitness
from tocsin.desk.machine.fitness import Machine, Mount, Verdict
from tocsin.desk.machine.queries import fitness as findings_of
from tocsin.desk.site.session import Session

MOUNTS = """\
22 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:5 - proc proc rw
28 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw
37 28 0:32 /@home /home rw,relatime shared:9 - btrfs /dev/mapper/luks-home rw,subvol=/@home
41 28 0:40 / /mnt/team\\040share rw,relatime shared:12 - cifs //server/team rw
52 28 0:45 / /run/user/1000 rw,nosuid,nodev shared:30 - tmpfs tmpfs rw,size=1g
"""
# A partition under LUKS under LVM, and one that is open.
NAMES = {
    "8:0": "",
    "8:1": "",
    "8:2": "",
    "253:0": "CRYPT-LUKS2-aa11-luks-root",
    "253:1": "LVM-bb22",
    "253:2": "LVM-cc",
}
UNDER = {
    "253:1": ["253:0"],
    "253:0": ["8:2"],
    "8:2": ["8:0"],
    "8:1": ["8:0"],
    "8:0": [],
    "253:2": ["253:0", "8:1"],
}


def test_a_folder_lies_on_the_deepest_mount_above_it() -> None:
    home = fitness.find_mount(MOUNTS, PurePosixPath("/home", "somebody", "tocsin-desk"))
    shared = fitness.find_mount(MOUNTS, PurePosixPath("/mnt/team share/desk"))

    assert home == Mount(kind="btrfs", device="/dev/mapper/luks-home", number="0:32")
    assert shared is not None
    assert shared.kind in fitness.SHARED_SYSTEMS
    assert fitness.find_mount(MOUNTS, PurePosixPath("/srv")) == Mount(
        kind="ext4", device="/dev/mapper/vg-root", number="253:1"
    )
    assert fitness.find_mount("garbled", PurePosixPath("/srv")) is None


@pytest.mark.parametrize(
    ("number", "encrypted"),
    [("253:0", True), ("253:1", True), ("8:1", False), ("8:0", False), ("253:2", False), ("9:9", False)],
)
def test_a_disk_is_encrypted_if_all_it_stands_on_is(number: str, encrypted: bool) -> None:
    assert fitness.is_encrypted(number, NAMES, UNDER) is encrypted


def test_swap_in_memory_is_no_swap() -> None:
    head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

    assert fitness.swap_areas(head) == []
    assert fitness.swap_areas(head + "/dev/zram0 partition 1 0 100\n") == []
    assert fitness.swap_areas(head + "/dev/dm-1 partition 1 0 -2\n/swapfile file 1 0 -3\n") == [
        "/dev/dm-1",
        "/swapfile",
    ]


@pytest.mark.parametrize(
    ("judge", "text", "verdict"),
    [
        (fitness.judge_filevault, "FileVault is On.\n", True),
        (fitness.judge_filevault, "FileVault is Off.\n", False),
        (fitness.judge_filevault, "", None),
        (
            fitness.judge_swap_of_mac,
            "total = 2048.00M  used = 1012.25M  free = 1035.75M  (encrypted)\n",
            True,
        ),
        (fitness.judge_swap_of_mac, "total = 0.00M  used = 0.00M  free = 0.00M\n", True),
        (fitness.judge_swap_of_mac, "total = 2048.00M  used = 1012.25M  free = 1035.75M\n", None),
        (fitness.judge_bitlocker, "1\r\n", True),
        (fitness.judge_bitlocker, "2\r\n", False),
        (fitness.judge_bitlocker, "3\r\n", None),
        (fitness.judge_bitlocker, "", None),
        (fitness.judge_hibernation_of_mac, " standby 1\n hibernatemode        3\n sleep 1\n", True),
        (fitness.judge_hibernation_of_mac, " hibernatemode        0\n", False),
        (fitness.judge_hibernation_of_mac, "", None),
        (fitness.judge_hibernation_of_windows, "    HibernateEnabled    REG_DWORD    0x1\r\n", True),
        (fitness.judge_hibernation_of_windows, "    HibernateEnabled    REG_DWORD    0x0\r\n", False),
        (fitness.judge_hibernation_of_windows, "ERROR", None),
        (
            fitness.judge_snapshots_of_mac,
            "Snapshots for disk /:\ncom.apple.TimeMachine.2026-11-01-101010.local\n",
            True,
        ),
        (fitness.judge_snapshots_of_mac, "Snapshots for disk /:\n", False),
        (fitness.judge_snapshots_of_mac, "", None),
    ],
)
def test_each_system_answers_in_its_own_words(judge: object, text: str, verdict: bool | None) -> None:
    assert callable(judge)
    assert judge(text) is verdict


def test_linux_hibernates_only_if_it_knows_where_to() -> None:
    assert fitness.judge_hibernation("freeze mem disk\n", "253:1\n")
    assert not fitness.judge_hibernation("freeze mem disk\n", "0:0\n")
    assert not fitness.judge_hibernation("freeze mem\n", "253:1\n")


@pytest.mark.parametrize(
    "folder",
    [
        PureWindowsPath("C:/somebody/OneDrive - Invented/tocsin-desk"),
        PurePosixPath("/somebody/Dropbox/desk"),
        PurePosixPath("/somebody/Library/Mobile Documents/com~apple~CloudDocs/desk"),
        PurePosixPath("/somebody/Library/CloudStorage/GoogleDrive-x/desk"),
        PurePosixPath("/somebody/Nextcloud/desk"),
    ],
)
def test_a_folder_that_a_service_copies_is_known_by_its_name(folder: PurePosixPath) -> None:
    assert fitness.in_cloud(folder)


def test_a_folder_is_known_by_the_mark_that_a_service_left_there(tmp_path: Path) -> None:
    desk = tmp_path / "papers" / "desk"
    desk.mkdir(parents=True)
    before = fitness.in_cloud(desk, is_marker=lambda path: Path(path).exists())
    (tmp_path / "papers" / ".stfolder").mkdir()

    assert not before
    assert fitness.in_cloud(desk, is_marker=lambda path: Path(path).exists())
    assert not fitness.in_cloud(PurePosixPath("/somebody/tocsin-desk"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give a desk's folder as a desk makes it."""
    with make_coalition(tmp_path_factory.mktemp("fit"), n=2) as coalition:
        yield coalition


def test_a_desks_folder_is_its_owners_alone_and_a_gap_is_seen(made: Coalition) -> None:
    folder = made.folders[1]

    def verdict() -> Verdict:
        return next(each.verdict for each in Machine(folder).findings() if "Nobody else" in each.what)

    before = verdict()
    (folder / "keyring.age").chmod(0o644)
    open_now = verdict()
    (folder / "keyring.age").chmod(0o600)

    assert (before, open_now) == (Verdict.YES, Verdict.NO)


def test_a_date_that_is_not_the_relays_stands_first() -> None:
    session = Session()
    session.trouble = WrongClock(n_days=-400)

    first = findings_of(session)[0]

    assert first.verdict is Verdict.NO
    assert any("400 days behind" in each.why for each in findings_of(session) if each.verdict is Verdict.NO)


def test_the_page_says_of_each_thing_whether_it_is_so(made: Coalition) -> None:
    site = serve_first(made)
    person = Visitor(site)
    try:
        person.come_in()
        person.post("sync/")
        page = person.get("machine/fit/").text
    finally:
        person.close()
        site.stop()

    assert page.count("<article") == 9
    assert '<h3><span class="tag good">yes</span> This machine&#x27;s date is the relay&#x27;s' in page
    assert "A crash leaves no copy of the memory" in page
