"""What a person at a desk may have to mend: each says what happened and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.errors import DeskError, RelayError

if TYPE_CHECKING:
    from tocsin.desk.keyfile import Stub


class RelayAway(RelayError):
    """The relay could not be reached."""

    code = "relay.away"

    def __init__(self) -> None:
        super().__init__("The relay does not answer. What you write is kept here and leaves when it does.")


class RelayRefused(RelayError):
    """The relay answered with a refusal."""

    def __init__(self, *, status: int, code: str, sentence: str) -> None:
        super().__init__(f"The relay refused: {sentence}")
        self.status, self.refusal, self.sentence = status, code, sentence


class RelayMisled(RelayError):
    """The relay showed something it must not: forged, cut off, reordered or rolled back."""

    code = "relay.misled"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The relay {what}. Nothing of it was kept. Compare head words with a colleague by telephone before going on."
        )
        self.what = what


class RelayFilling(RelayError):
    """The relay is being filled again and takes nothing new."""

    code = "relay.being-filled"

    def __init__(self) -> None:
        super().__init__(
            "The relay was lost or set back and is being filled again; what this desk has beyond it was added. What you "
            "write waits here until the founders, or the relay's keeper, open it."
        )


class FirmRecordsLeftOut(RelayError):
    """The new relay's ledger leaves out records that two organisations had vouched for."""

    code = "relay.left-out"

    def __init__(self, *, n_records: int) -> None:
        super().__init__(
            f"The new relay was opened without {n_records} records that desks of two organisations had vouched for. Call a "
            "founder before anything else. If it must be so, accept it on the page of the relay: what you said in them is "
            "said again, what others said must be said by them."
        )
        self.n_records = n_records


class NoDeskHere(DeskError):
    """A folder that holds no desk."""

    code = "desk.none"

    def __init__(self) -> None:
        super().__init__(
            "There is no desk in this folder. Choose the folder it was set up in, or join a coalition first."
        )


class DamagedReplica(DeskError):
    """The replica on disk is not what this desk checked and kept."""

    code = "desk.replica"

    def __init__(self) -> None:
        super().__init__(
            "The copy of the ledger on this machine is damaged. Nothing is lost: the desk's page puts the file "
            "replica.sqlite3 aside if you let it, and fetches a new copy. If it happens twice, have the disk looked at."
        )


class DamagedSnapshot(DeskError):
    """The sealed snapshot is not what was sealed; it was deleted, and everything was read from the replica."""

    code = "desk.snapshot"

    def __init__(self) -> None:
        super().__init__(
            "The snapshot from which this desk starts quickly was damaged, so it was deleted and all records were read "
            "again. Nothing is lost. If it happens twice, have the disk looked at."
        )


class DamagedOutbox(DeskError):
    """What waited on disk to leave is not what this desk kept there."""

    code = "desk.outbox"

    def __init__(self) -> None:
        super().__init__(
            "What waited here to be sent is damaged, so nothing of it is sent. Let the desk's page put the file "
            "outbox.sqlite3 aside, and write once more what you wrote since the last sync. Have the disk looked at."
        )


class BudgetUsed(DeskError):
    """What may be fetched today on this machine's link is used up."""

    code = "desk.budget"

    def __init__(self, *, megabytes: int, here: int, there: int) -> None:
        much = f" {here} of {there} records are here so far." if here < there else ""
        super().__init__(
            f"The {megabytes} MB that this machine fetches a day are used up.{much} It goes on by itself after midnight "
            "UTC; the page of this desk lets you choose another number. What is urgent still leaves."
        )
        self.megabytes, self.here, self.there = megabytes, here, there


class DamagedSettings(DeskError):
    """The file of choices for this machine cannot be read."""

    code = "desk.settings"

    def __init__(self) -> None:
        super().__init__(
            "The file desk.json beside the keyring cannot be read. Let the desk's page put it aside: the desk then goes by "
            "its defaults, and you choose again on the page of this desk."
        )


class DamagedCopy(DeskError):
    """A file that should hold a copy of the ledger is none, or not whole, or was changed."""

    code = "desk.copy"

    def __init__(self) -> None:
        super().__init__(
            "This file is not a whole and unchanged copy of a ledger, so nothing of it was kept. Take an older one, or let "
            "the desk fetch everything from the relay."
        )


class OtherCopy(DeskError):
    """A copy of another coalition's ledger."""

    code = "desk.other-copy"

    def __init__(self) -> None:
        super().__init__(
            "This is a copy of another coalition's ledger than this folder's. Nothing was changed; take the right file, or "
            "an empty folder."
        )


class OlderCopy(DeskError):
    """A copy with nothing that this desk does not have."""

    code = "desk.older-copy"

    def __init__(self) -> None:
        super().__init__(
            "This file has no record that this desk does not have. Nothing was changed; sync instead."
        )


class ForkedCopy(DeskError):
    """A copy that holds another version of the ledger than this desk, or than those who vouch for it."""

    code = "desk.forked-copy"

    def __init__(self) -> None:
        super().__init__(
            "This file holds another version of the ledger than this desk or its own witnesses have, so nothing of it was "
            "kept. Somebody made it up, or the relay shows two versions: compare head words with colleagues by telephone."
        )


class CopyNotTrusted(DeskError):
    """A copy that is whole in itself, and nobody vouches for it."""

    code = "desk.copy-not-trusted"

    def __init__(self, *, typed: bool) -> None:
        what = "These are not the six head words of this file" if typed else "Nothing vouches for this file"
        super().__init__(
            f"{what}, so nothing of it was kept. Ask your colleague for the six words that were shown when it was written, "
            "or leave them out and try again when the relay answers."
        )
        self.typed = typed


class ReplicaThere(DeskError):
    """A folder that has a copy of the ledger already."""

    code = "desk.replica-there"

    def __init__(self) -> None:
        super().__init__(
            "This folder has a copy of the ledger already, and nothing was changed. If that one is damaged, move the file "
            "replica.sqlite3 away and restore again."
        )


class DamagedNotes(DeskError):
    """A sealed file of this desk is not what this desk wrote."""

    code = "desk.notes"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The file {name} is damaged. Move it away and start again; what was begun in it, an invitation or a "
            "founding, is begun once more. Have the disk looked at."
        )
        self.name = name


class DeskInUse(DeskError):
    """Another program has this desk's folder open."""

    code = "desk.in-use"

    def __init__(self) -> None:
        super().__init__("This desk is open already on this machine. Use it there, or lock it there first.")


class DamagedKeyring(DeskError):
    """The keyring file cannot be read at all."""

    code = "desk.keyring"

    def __init__(self) -> None:
        super().__init__(
            "The keyring file is damaged, so this desk cannot be opened. Ask a colleague to bar this device; you join anew "
            "and are granted your cases again."
        )


class NewerFiles(DeskError):
    """This desk's files were changed by a newer version of the program."""

    code = "desk.newer"

    def __init__(self) -> None:
        super().__init__(
            "A newer version of the program has worked in this folder, so this one leaves it alone. Start the newer one; "
            "nothing was changed."
        )


class PassphrasesDiffer(DeskError):
    """The same passphrase was to be typed twice."""

    code = "desk.passphrases-differ"

    def __init__(self) -> None:
        super().__init__("The two passphrases are not the same. Type it twice again; nothing was changed.")


class SamePassphrase(DeskError):
    """A passphrase that this desk already uses for something else."""

    code = "desk.same-passphrase"

    def __init__(self) -> None:
        super().__init__("That passphrase cannot be used for this. Choose another one; nothing was changed.")


class DiskFull(DeskError):
    """No space left: nothing was written by halves."""

    code = "desk.full"

    def __init__(self) -> None:
        super().__init__(
            "The disk is full or takes no more, so nothing was saved. Make some space and try again; nothing is lost."
        )


class WrongClock(DeskError):
    """This machine's date is far from the relay's."""

    code = "desk.clock"

    def __init__(self, *, n_days: int) -> None:
        side = "ahead of" if n_days > 0 else "behind"
        super().__init__(
            f"The date of this machine is {abs(n_days)} days {side} the relay's. Set it right; what you wrote waits until "
            "then. If it is right, tell the relay's keeper."
        )
        self.n_days = n_days


class Locked(DeskError):
    """The desk is not unlocked."""

    code = "desk.locked"

    def __init__(self) -> None:
        super().__init__("The desk is locked. Type its passphrase to open it.")


class TravelLocked(DeskError):
    """The keyring is sealed away for a journey."""

    code = "desk.travel-locked"

    def __init__(self, stub: Stub) -> None:
        super().__init__(
            "This desk is locked for a journey: no passphrase opens it. Call two founders; each reads twelve words to you."
        )
        self.stub = stub


class NotReadyToTravel(DeskError):
    """Fewer than two founders keep a share of the key that a travel lock would take."""

    code = "desk.not-ready-to-travel"

    def __init__(self) -> None:
        super().__init__(
            "Two founders do not keep their share yet, so nothing was locked: nobody could open this desk again. Ask them "
            "to sync, sync here, and look again."
        )


class Removed(DeskError):
    """Founders have removed this device from the roll."""

    code = "desk.removed"

    def __init__(self) -> None:
        super().__init__(
            "Founders have removed this device: nothing is sealed to it any more, and nothing leaves it. What it read "
            "before can still be read here."
        )


class ClonedDevice(DeskError):
    """The ledger already has another record of this device's next number."""

    code = "desk.cloned"

    def __init__(self) -> None:
        super().__init__(
            "The ledger holds records of this device that this desk did not write: it was restored from a backup, or a copy "
            "of it exists. It can write no more. Ask a colleague to bar it, and join anew."
        )


class NotHere(DeskError):
    """Something this desk does not have, or has no key for."""

    code = "desk.not-here"

    def __init__(self) -> None:
        super().__init__(
            "This desk does not have that, or not any more. Sync, or ask the colleague who works on it."
        )


class NotThatFile(DeskError):
    """A file that is to be destroyed is not the one that a table was taken from."""

    code = "desk.not-that-file"

    def __init__(self) -> None:
        super().__init__(
            "There is no file with the table's very bytes at that place, so nothing was destroyed. Give its whole path, and "
            "see whether it was changed or moved since."
        )


class NoPageAddress(DeskError):
    """What was given is not the address of a witness's page."""

    code = "desk.page-address"

    def __init__(self) -> None:
        super().__init__(
            "This is not the address of a witness's page. It begins with http and ends with # and 96 letters and digits."
        )


class NobodyOnDuty(DeskError):
    """No device has ever published a day key: nothing can be sealed to anybody."""

    code = "desk.nobody-on-duty"

    def __init__(self) -> None:
        super().__init__(
            "Nobody has taken intake duty yet, so nothing can be sealed. Take duty on the page of duties."
        )


class NoMailbox(DeskError):
    """Nobody can write to this person: no receipt came with what they sent, or its mailbox is full."""

    code = "desk.no-mailbox"

    def __init__(self) -> None:
        super().__init__(
            "There is no way to reply: no receipt came with it, or its mailbox is full. "
            "If they write again, there is room again."
        )


class RequestChanged(DeskError):
    """Somebody else asks by now, or it was answered: what was on the page is not what would be done."""

    code = "desk.request-changed"

    def __init__(self) -> None:
        super().__init__(
            "That request does not stand as it did: another device asks by now, it was answered, or the case was taken "
            "back. Nothing was released. Look at the page again."
        )


class NoDutyHere(DeskError):
    """This device may not take intake duty."""

    code = "desk.no-duty"

    def __init__(self) -> None:
        super().__init__(
            "This device has no intake duty, so no key of it would count. Founders give it, on the device's page."
        )


class NotRecoverable(DeskError):
    """A case whose shares not all custodians have acknowledged."""

    code = "desk.not-recoverable"

    def __init__(self) -> None:
        super().__init__(
            "Not all custodians have acknowledged their share yet, so the case stays open here. They do so when they sync."
        )


class JobCancelled(DeskError):
    """Somebody stopped the job, or the desk was locked."""

    code = "desk.stopped"

    def __init__(self) -> None:
        super().__init__("The job was stopped. Start it again when you like; nothing is lost.")


class ChildEnded(DeskError):
    """A child process that calculated for a job ended without an answer."""

    code = "desk.child"

    def __init__(self) -> None:
        super().__init__(
            "The calculation broke off, perhaps for want of memory. Close other programs and start it again."
        )


class NoDuckDB(DeskError):
    """DuckDB is not installed on this machine."""

    code = "desk.no-duckdb"

    def __init__(self) -> None:
        super().__init__(
            "Counting many events needs DuckDB. Install tocsin with its extra: `tocsin[duckdb]`."
        )


class TooMuchToCount(DeskError):
    """A count that does not fit into memory; nothing of it was written to disk."""

    code = "desk.too-much"

    def __init__(self, *, megabytes: int) -> None:
        super().__init__(
            f"This does not fit into {megabytes} MB of memory, and it is never put aside on the disk. "
            "Count fewer events at once."
        )
        self.megabytes = megabytes
