"""Take the ledger from a colleague's stick as a job: checked whole first, kept while pages go on."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.core.ledger import head_words
from tocsin.desk.desk import Desk
from tocsin.desk.jobs import Progress, Work
from tocsin.desk.machine.places import copy_of
from tocsin.desk.stick import take_copy


def take_from_stick(desk: Desk, progress: Progress, asked: Mapping[str, str]) -> str:
    """Take what a file has and this desk has not.

    Raises
    ------
    NotHere
        The stick was taken out.
    DamagedCopy, OtherCopy, OlderCopy, ForkedCopy, CopyNotTrusted, DiskFull
    """
    copy = copy_of(asked.get("copy", ""))
    n_taken = take_copy(desk, copy.path, words=asked.get("words", ""), step=progress.step)
    with desk.lock:
        size, words = desk.world.size, head_words(desk.world.tree.root())
    return f"{n_taken} records came from the file, and all were checked; {size} are here now. Head words: {words}."


STICK = Work(
    name="stick", title="Take the ledger from a colleague's file", run=take_from_stick, is_offered=False
)
