"""The file by which a desk remembers that founders signed another relay, until the ledger itself says so.

It is believed as little as when it came: whoever opens the desk checks it again against the roll.
"""

from __future__ import annotations

from pathlib import Path

from tocsin.core.ledger import Ground, Move, Proposal, read_move, read_proposal
from tocsin.desk.keyfile import write_whole
from tocsin.errors import LedgerError

NAME = "relay.moved"


def kept_move(folder: Path, ground: Ground) -> Move | None:
    """Read what was kept; None if nothing was, or if it says nothing any more.

    Then the desk goes by its roll again, and whoever still needs the text pastes it once more.
    """
    path = folder / NAME
    try:
        return read_move(read_proposal(path.read_bytes()), ground)
    except FileNotFoundError:
        return None
    except LedgerError:
        path.unlink()
        return None


def keep_move(folder: Path, proposal: Proposal) -> None:
    """Remember it; raises DiskFull."""
    write_whole(folder / NAME, proposal.to_bytes())


def forget_move(folder: Path) -> None:
    """The ledger says so by now."""
    (folder / NAME).unlink(missing_ok=True)
