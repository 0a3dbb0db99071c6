"""Write tests/golden/relay_<n>.json.xz: the rows of an invented relay's tables as migration n left them.

Run it once for a migration that changes what rows look like, before anything newer is added, and keep the old ones:
somebody's relay still holds that.

    PYTHONPATH=tests/relay python tests/golden/make_relay.py NUMBER
"""

from __future__ import annotations

import json
import lzma
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from relaykit import RunningRelay, Town, fresh_grant

TABLES = {
    "relay_coalition": "id name size root day signature peaks roll_version swept_on",
    "relay_rollversion": "coalition_id version content",
    "relay_headerrow": "coalition_id number device chain clear",
    "relay_bodyrow": "coalition_id number content",
    "relay_node": "coalition_id level index hash",
    "relay_authortip": "coalition_id device chain previous",
    "relay_folderitem": "coalition_id day kind hash content",
    "relay_lodging": "code_hash used_by",
}
"""As migration 0002 left them."""


def main(number: int) -> None:
    """Found an invented coalition, let three devices say something and founders remove one, and write down the rows."""
    with tempfile.TemporaryDirectory() as folder:
        relay, town = RunningRelay(Path(folder) / "home"), Town.found()
        town.lodge(relay)
        first, second = town.desk(relay, 1), town.desk(relay, 2)
        first.append(*(first.make(b"invented") for _ in range(3)))
        second.append(second.make(b"invented"))
        _, change = town.removal_of(3, by=first)
        first.append(change)
        first.ask("POST", "/grants", fresh_grant())
        relay.stop()
        with closing(sqlite3.connect(relay.home / "relay.sqlite3")) as db:
            rows = {table: _rows(db, table, columns.split()) for table, columns in TABLES.items()}
        kept = {
            "migration": number,
            "signing_key": (relay.home / "signing.key").read_bytes().hex(),
            "founders": [key.seed.hex() for key in town.founders],
            "devices": {str(device): key.seed.hex() for device, key in town.keys.items()},
            "columns": {table: columns.split() for table, columns in TABLES.items()},
            "rows": rows,
        }
        target = Path(__file__).with_name(f"relay_{number}.json.xz")
        target.write_bytes(lzma.compress(json.dumps(kept).encode()))


def _rows(db: sqlite3.Connection, table: str, columns: list[str]) -> list[list[Any]]:
    names = ", ".join(f'"{column}"' for column in columns)
    rows = db.execute(f"select {names} from {table}")  # noqa: S608 - our own names
    return [[{"hex": value.hex()} if isinstance(value, bytes) else value for value in row] for row in rows]


if __name__ == "__main__":
    main(int(sys.argv[1]))
