"""What is the matter, in plain words: what happened, what is lost, and what to do now, in order.

Nothing here is of this coalition: the page answers while the desk is locked or busy, which is when it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.desk.errors import NotHere


@dataclass(frozen=True, slots=True)
class Explanation:
    """One kind of trouble."""

    title: str
    happened: str
    lost: str
    steps: tuple[str, ...]


NOTHING_LOST = "Nothing is lost: what was written here is kept and leaves once this is mended."
SAME_WORDS = "Call a colleague of another organisation on a channel that is not this relay, and compare the six head words."

EXPLANATIONS = {
    "fork": Explanation(
        "The relay shows two versions of the ledger",
        "Some of you are shown other records, or the same in another order. A relay that works does not do this: somebody "
        "has changed it, or holds it.",
        "What was written before the two part is sound. This desk vouches for nothing more until you have compared.",
        (
            SAME_WORDS,
            "Tell a founder at which number of records the words part. Until then decide nothing by this ledger.",
            "Founders put another relay on the roll; it is filled again from a desk that shows the right words.",
        ),
    ),
    "misled": Explanation(
        "The relay showed something it must not show",
        "What came was not signed by the relay on the roll, was shorter than before, or did not fit together. The relay was "
        "exchanged or changed, or somebody stands between it and this desk.",
        f"Nothing of it was kept. {NOTHING_LOST}",
        (
            "Try another network: a hotel or a firm may answer in the relay's place.",
            SAME_WORDS,
            "If it stays so for others too, tell the founders: the relay may be in other hands.",
        ),
    ),
    "copies": Explanation(
        "Two copies of one device write",
        "Two programs wrote under one key: a backup was put back, or somebody copied the keyring and knows its passphrase.",
        "What either wrote is kept and shown with its device number. What is written after a bar does not count.",
        (
            "Ask the holder, by telephone, whether they restored a backup. If not, treat it as a lost laptop.",
            "Bar the device from the page for lost laptops; nothing is sealed to it any more.",
            "Its holder joins anew, on a clean machine.",
        ),
    ),
    "barred": Explanation(
        "A device is barred",
        "A colleague stopped all sealing to it: it is lost, copied, or its holder may be forced. It holds for 72 hours.",
        "What it could read before, it can still read. Nothing written since is sealed to it.",
        (
            "Do not write to its holder about the coalition until you have spoken to them.",
            "Founders remove it, or lift the bar if it was a mistake.",
            "If it is this device, speak to the colleague who barred it; until then you can read, and write nothing.",
        ),
    ),
    "gap": Explanation(
        "Keys that colleagues granted did not arrive",
        "The ledger names a grant that no folder on the relay brought. It may be on its way, or the relay holds it back.",
        "Nothing is lost: whoever made it can grant it again. Until then you cannot read what it opens.",
        (
            "Sync again.",
            "If it stays so, ask the holder of the device that is named to grant it again.",
            "If others miss grants too, compare head words and tell a founder.",
        ),
    ),
    "old-head": Explanation(
        "The ledger's firm head is old",
        "A record is firm once two organisations have seen it. A relay that holds records back shows as an old head, and so "
        "does a quiet week, or colleagues who have not opened their desks.",
        f"{NOTHING_LOST} Votes and releases do not count before they are firm.",
        (
            "Ask a colleague of another organisation to open their desk and sync.",
            SAME_WORDS,
            "If they have written and this desk does not show it, the relay holds it back: tell a founder.",
            "A removal may be among what is held back, so write nothing that can wait.",
        ),
    ),
    "clock": Explanation(
        "This machine's date is wrong, or the relay's is",
        "Keys are made and destroyed by the day. With a date that nobody shares it would destroy what is still needed, "
        "so it sends and destroys nothing.",
        NOTHING_LOST,
        (
            "Look up the right date on a telephone.",
            "If this machine is wrong, set its date and time by the network, then sync.",
            "If it is right, the relay's clock is wrong: tell its keeper.",
        ),
    ),
    "cloned": Explanation(
        "This desk was restored, or a copy of it exists",
        "The ledger holds records of this device that this desk did not write. It may not go on: there would be two of it.",
        "What it wrote and has not sent is still readable here. It can write nothing more.",
        (
            "If you put a backup back yourself, say so to a colleague. If not, treat this device as taken.",
            "Have a colleague bar it, from the page for lost laptops.",
            "Join anew; what you held is granted to you again.",
        ),
    ),
    "away": Explanation(
        "The relay does not answer",
        "This machine has no network, or the relay is down, or is kept from you.",
        NOTHING_LOST,
        (
            "See whether any page opens in this machine's network, and try another one.",
            "Go on working: all that is here can be read, and what you write waits.",
            "If it lasts for a day, ask a colleague whether theirs syncs; if nobody's does, founders restore the relay.",
        ),
    ),
    "files": Explanation(
        "A file of this desk is damaged",
        "The disk changed something, or somebody did: a file is not what this desk wrote.",
        "The ledger can be fetched again, and the snapshot is made anew. Only what waits in the outbox is nowhere else.",
        (
            "Press the button beside the message: the file that it names is put aside, not deleted, and the desk goes on.",
            "A copy of the ledger is fetched again by itself. Sync until it is whole.",
            "For outbox.sqlite3, write again what you wrote since the last sync.",
            "A damaged keyring cannot be mended: have the device barred, and join anew.",
            "Have the disk looked at. What was put aside ends in .damaged, and may be deleted after that.",
        ),
    ),
}

TOPICS = {
    "ledger.fork": "fork",
    "relay.misled": "misled",
    "desk.clock": "clock",
    "desk.cloned": "cloned",
    "relay.away": "away",
    "desk.replica": "files",
    "desk.outbox": "files",
    "desk.keyring": "files",
    "desk.snapshot": "files",
    "desk.settings": "files",
}
"""An error's code → its explanation."""


def explain(topic: str) -> Explanation:
    """Look up an explanation; raises NotHere."""
    if topic not in EXPLANATIONS:
        raise NotHere
    return EXPLANATIONS[topic]


def topic_of(code: str) -> str:
    """Say which explanation an error has; empty if its own sentence is enough."""
    return TOPICS.get(code, "")
