"""Whether this machine keeps what a desk shows: swap, disk, hibernation, dumps, old copies, other people's folders.

Each check asks the system for a short text and hands it to a function that judges texts alone, so that every system's
answers are tested on any. What cannot be asked is said so: *cannot tell* is no *yes*.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

from tocsin.desk.hardening import keeps_memory_private
from tocsin.desk.site.browser import find_chromium

ASK_SECONDS = 10


class Verdict(StrEnum):
    """What a check found."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that should be so, whether it is, and what to do if not."""

    what: str
    verdict: Verdict
    why: str
    to_do: str = ""


def _of(says: bool | None) -> Verdict:
    return Verdict.CANNOT_TELL if says is None else Verdict.YES if says else Verdict.NO


# Judging texts ---

MEMORY_SYSTEMS = {"tmpfs", "ramfs"}
SEALED_SYSTEMS = {"ecryptfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.encfs", "fuse.securefs"}
KEEPING_SYSTEMS = {"btrfs", "zfs", "bcachefs", "nilfs2", "apfs"}
"""File systems that keep what was replaced, in snapshots, for as long as somebody likes."""
SHARED_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "fuse.rclone",
    "9p",
    "vboxsf",
    "fuse.vmhgfs-fuse",
}

CLOUDS = re.compile(
    r"onedrive|dropbox|google ?drive|my drive|icloud|clouddocs|mobile documents|cloudstorage|nextcloud|owncloud|"
    r"pcloud|mega ?sync|syncthing|yandex\.?disk|box sync|proton drive|seafile|resilio|magentacloud",
    re.IGNORECASE,
)
MARKERS = (".stfolder", ".dropbox", ".nextcloudsync.log", ".owncloudsync.log", ".sync", ".seafile-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a folder lies: the file system's kind, its device, and the kernel's numbers for that."""

    kind: str
    device: str
    number: str


def find_mount(mountinfo: str, folder: PurePath) -> Mount | None:
    """Find the mount that holds a folder in /proc/self/mountinfo; the last of the deepest."""
    found, depth = None, -1
    for line in mountinfo.splitlines():
        fields, _, tail = line.partition(" - ")
        columns, kinds = fields.split(), tail.split()
        if len(columns) < 5 or len(kinds) < 2:
            continue
        point = PurePath(columns[4].replace("\\040", " "))
        if (point == folder or point in folder.parents) and len(point.parts) >= depth:
            found, depth = Mount(kind=kinds[0], device=kinds[1], number=columns[2]), len(point.parts)
    return found


def is_encrypted(number: str, names: Mapping[str, str], under: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a Linux block device stands on dm-crypt: itself, or everything it is made of.

    `names` maps a device's numbers (`253:0`) to its device-mapper name (`CRYPT-LUKS2-…`), `under` to what lies under it.
    """
    if names.get(number, "").startswith("CRYPT-"):
        return True
    below = under.get(number, ())
    return bool(below) and all(is_encrypted(each, names, under) for each in below)


def swap_areas(table: str) -> list[str]:
    """List the swap areas that are not in memory themselves, as /proc/swaps shows them."""
    rows = [line.split() for line in table.splitlines()[1:] if line.strip()]
    return [row[0] for row in rows if not row[0].startswith("/dev/zram")]


def judge_swap_of_mac(text: str) -> bool | None:
    """Read what `sysctl -n vm.swapusage` says."""
    if re.search(r"total = 0\.00M", text):
        return True
    return True if "(encrypted)" in text else None


def judge_filevault(text: str) -> bool | None:
    """Read what `fdesetup status` says."""
    if re.search(r"FileVault is On", text):
        return True
    return False if re.search(r"FileVault is Off", text) else None


def judge_bitlocker(text: str) -> bool | None:
    """Read the number by which the Windows shell says how a drive is protected: 1 wholly, 3 being encrypted, 2 not."""
    return {"1": True, "2": False, "4": False, "5": False}.get(text.strip())


def judge_hibernation(state: str, resume: str) -> bool:
    """Say from /sys/power/state and /sys/power/resume whether Linux can write all memory to a disk."""
    return "disk" in state.split() and resume.strip() not in ("", "0:0")


def judge_hibernation_of_mac(text: str) -> bool | None:
    """Say from `pmset -g` whether a Mac writes its memory to the disk when it sleeps."""
    found = re.search(r"hibernatemode\s+(\d+)", text)
    return None if found is None else found[1] != "0"


def judge_hibernation_of_windows(value: str) -> bool | None:
    """Say from the registry's `HibernateEnabled`, as `reg query` prints it, whether Windows hibernates."""
    found = re.search(r"HibernateEnabled\s+REG_DWORD\s+0x([0-9a-f]+)", value, re.IGNORECASE)
    return None if found is None else int(found[1], 16) != 0


def judge_snapshots_of_mac(text: str) -> bool | None:
    """Say from `tmutil listlocalsnapshots /` whether snapshots lie on the disk now."""
    if "com.apple." in text:
        return True
    return False if text.startswith("Snapshots for") else None


def in_cloud(folder: PurePath, *, is_marker: Callable[[PurePath], bool] = lambda _: False) -> bool:
    """Say whether a folder's name, or one above it, is that of a service which copies it elsewhere, or bears its mark."""
    homes = (folder, *folder.parents)
    named = any(CLOUDS.search(each.name) for each in homes)
    return named or any(is_marker(each / marker) for each in homes for marker in MARKERS)


def open_to_others(modes: Mapping[str, int]) -> list[str]:
    """List the files, by name, that others on this machine may read or enter."""
    return sorted(name for name, mode in modes.items() if mode & 0o077)


def judge_clock(n_days: int | None, *, agreed: bool) -> Finding:
    """Judge this machine's date by the relay's: how many days they differ if too many, or that they agreed at a sync."""
    far = "" if n_days is None else f"It is {abs(n_days)} days {'ahead' if n_days > 0 else 'behind'}. "
    return Finding(
        what="This machine's date is the relay's",
        verdict=_of(False if n_days is not None else True if agreed else None),
        why=f"{far}Keys are made and destroyed by the day; with a wrong one the desk sends nothing.",
        to_do="Set the date and time by the network, then sync.",
    )


# Asking the system ---


def _ask(*command: str) -> str:
    """Run one of the system's own commands; what cannot be asked says nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, timeout=ASK_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _block_devices() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Read from /sys which block devices there are, their device-mapper names, and what each stands on."""
    names: dict[str, str] = {}
    under: dict[str, list[str]] = {}
    for device in Path("/sys/dev/block").glob("*:*"):
        names[device.name] = _read(f"{device}/dm/uuid").strip()
        below = [_read(f"{each}/dev").strip() for each in device.glob("slaves/*")]
        if not below and (device / "partition").exists():
            below = [_read(f"{device.resolve().parent}/dev").strip()]
        under[device.name] = below
    return names, under


def _number_of(device: str) -> str:
    if sys.platform == "win32":
        return ""
    try:
        number = os.stat(device).st_rdev
    except OSError:
        return ""
    return f"{os.major(number)}:{os.minor(number)}" if number else ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine answers, as far as a desk in a folder is concerned."""

    folder: Path

    def findings(self) -> list[Finding]:
        """Make all checks."""
        checks = (self._disk, self._swap, self._hibernation, self._dumps, self._old_copies)
        return [check() for check in (*checks, self._cloud, self._permissions, self._browser)]

    def _mount(self) -> Mount | None:
        return find_mount(_read("/proc/self/mountinfo"), self.folder.resolve())

    def _on_crypt(self, mount: Mount) -> bool | None:
        if mount.kind in MEMORY_SYSTEMS | SEALED_SYSTEMS:
            return True
        # btrfs and its like bear a number of their own; the device behind it has another.
        number = _number_of(os.path.realpath(mount.device)) or mount.number
        names, under = _block_devices()
        if number not in names:
            return None
        return is_encrypted(number, names, under)

    def _is_disk_encrypted(self) -> bool | None:
        if sys.platform == "darwin":
            return judge_filevault(_ask("fdesetup", "status"))
        if sys.platform == "win32":
            return judge_bitlocker(_ask_bitlocker(self.folder))
        mount = self._mount()
        return None if mount is None else self._on_crypt(mount)

    def _disk(self) -> Finding:
        return Finding(
            what="The disk is encrypted",
            verdict=_of(self._is_disk_encrypted()),
            why="Whoever takes an open disk reads old files that were deleted, and tries passphrases at leisure.",
            to_do="Turn on FileVault (macOS), BitLocker or device encryption (Windows), or set up LUKS (Linux).",
        )

    def _is_swap_closed(self) -> bool | None:
        if sys.platform == "darwin":
            return judge_swap_of_mac(_ask("sysctl", "-n", "vm.swapusage"))
        if sys.platform == "win32":
            return self._is_disk_encrypted()
        table = _read("/proc/swaps")
        if not table:
            return None
        names, under = _block_devices()
        for area in swap_areas(table):
            mount = find_mount(_read("/proc/self/mountinfo"), Path(area))
            number = _number_of(area)
            closed = is_encrypted(number, names, under) if number else mount and self._on_crypt(mount)
            if not closed:
                return closed if closed is None else False
        return True

    def _swap(self) -> Finding:
        return Finding(
            what="Memory that is put aside (swap) is encrypted or stays in memory",
            verdict=_of(self._is_swap_closed()),
            why="What a desk has opened may be written to the disk in clear, and stay there.",
            to_do="Encrypt the disk with its swap, use zram, or turn swap off (Linux: `swapoff -a`).",
        )

    def _hibernates(self) -> bool | None:
        if sys.platform == "darwin":
            return judge_hibernation_of_mac(_ask("pmset", "-g"))
        if sys.platform == "win32":
            key = r"HKLM\SYSTEM\CurrentControlSet\Control\Power"
            return judge_hibernation_of_windows(_ask("reg", "query", key, "/v", "HibernateEnabled"))
        state = _read("/sys/power/state")
        return judge_hibernation(state, _read("/sys/power/resume")) if state else None

    def _hibernation(self) -> Finding:
        hibernates, closed = self._hibernates(), self._is_swap_closed()
        fit = True if hibernates is False else None if hibernates is None else closed
        return Finding(
            what="The machine does not write its memory to an open disk when it sleeps",
            verdict=_of(fit),
            why="Hibernating writes all memory down, with what the desk has opened.",
            to_do="Encrypt the disk, or turn hibernation off; lock the desk before you close the lid.",
        )

    def _dumps(self) -> Finding:
        return Finding(
            what="A crash leaves no copy of the memory",
            verdict=_of(keeps_memory_private()),
            why="A program that crashes may leave all it held in a file.",
            to_do="Nothing: the desk asks the system for it. Should it say no, restart the machine and look again.",
        )

    def _keeps_old(self) -> bool | None:
        if sys.platform == "darwin":
            return judge_snapshots_of_mac(_ask("tmutil", "listlocalsnapshots", "/"))
        mount = self._mount() if sys.platform == "linux" else None
        return None if mount is None else mount.kind in KEEPING_SYSTEMS

    def _old_copies(self) -> Finding:
        keeps = self._keeps_old()
        return Finding(
            what="The disk keeps no old copies of files",
            verdict=_of(None if keeps is None else not keeps),
            why="Snapshots and backups keep old keyrings, which your passphrase opens: what was erased is not gone there.",
            to_do="Leave the desk's folder out of Time Machine, File History and snapshots (btrfs: a subvolume of its own).",
        )

    def _is_shared(self) -> bool | None:
        if in_cloud(self.folder.absolute(), is_marker=lambda path: Path(path).exists()):
            return True
        if sys.platform != "linux":
            return False
        mount = self._mount()
        return None if mount is None else mount.kind in SHARED_SYSTEMS

    def _cloud(self) -> Finding:
        shared = self._is_shared()
        return Finding(
            what="The desk's folder is copied to no other machine",
            verdict=_of(None if shared is None else not shared),
            why="A service that copies it keeps every old keyring, and hands them over when it is asked to.",
            to_do="Move the folder out of the shared or synchronised one, with the desk locked.",
        )

    def _permissions(self) -> Finding:
        verdict = Verdict.CANNOT_TELL
        if sys.platform != "win32" and self.folder.is_dir():
            paths = [self.folder, *self.folder.iterdir()]
            is_mine = all(path.stat().st_uid == os.getuid() for path in paths)
            verdict = _of(is_mine and not open_to_others({path.name: path.stat().st_mode for path in paths}))
        return Finding(
            what="Nobody else on this machine enters the desk's folder",
            verdict=verdict,
            why="Others could copy the keyring and try passphrases, or take the place of a file.",
            to_do="Keep it in your own home folder; on macOS and Linux: `chmod -R go= FOLDER`.",
        )

    def _browser(self) -> Finding:
        return Finding(
            what="There is a browser that the desk can give a throw-away profile",
            verdict=_of(find_chromium() is not None),
            why="Your own browser keeps where you were, and what was typed; the desk cannot clean it.",
            to_do="Install Chromium, Chrome, Brave or Edge; the desk finds it by itself.",
        )


def _ask_bitlocker(folder: Path) -> str:
    drive = folder.absolute().drive or "C:"
    volume = f"(New-Object -ComObject Shell.Application).NameSpace('{drive}').Self"
    words = f"{volume}.ExtendedProperty('System.Volume.BitLockerProtection')"
    return _ask("powershell", "-NoProfile", "-NonInteractive", "-Command", words)
