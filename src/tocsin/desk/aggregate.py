"""The one place where DuckDB is opened: in memory, with no file to spill into, no extension to fetch, no way outside.

It counts many public events (weeks by place) on a laptop. Left to itself it writes what does not fit into memory to a folder
beside the program, in clear, and fetches extensions by itself. Here a count that does not fit is refused. DuckDB is an
extra (`tocsin[duckdb]`): whoever counts few events does without.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module, resources
from typing import TYPE_CHECKING

from tocsin.desk.errors import NoDuckDB, TooMuchToCount

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEGABYTES = 512
_CLOSED = (
    "set autoinstall_known_extensions=false",
    "set autoload_known_extensions=false",
    "set enable_external_access=false",
    # Last: nothing that is asked later takes any of it back.
    "set lock_configuration=true",
)


def open_duckdb(*, megabytes: int = MEGABYTES) -> DuckDBPyConnection:
    """Open a database in memory that touches no disk and no network.

    Raises
    ------
    NoDuckDB
        It is not installed.
    """
    try:
        duckdb = import_module("duckdb")
    except ImportError:
        raise NoDuckDB from None
    settings = {"temp_directory": "", "memory_limit": f"{megabytes}MB", "threads": 2}
    connection: DuckDBPyConnection = duckdb.connect(":memory:", config=settings)
    for sentence in _CLOSED:
        connection.execute(sentence)
    return connection


def count_weeks(
    events: Iterable[tuple[str, int]], *, megabytes: int = MEGABYTES
) -> list[tuple[str, int, int]]:
    """Count events by place and week.

    Parameters
    ----------
    events
        Place code and day number (days since 1970-01-01) of each event; one row is one event.
    megabytes
        How much memory it may take.

    Returns
    -------
    list of (place, week, n_events)
        Weeks are numbered as `tocsin.terms.week_of` does; in order of place and week.

    Raises
    ------
    NoDuckDB
    TooMuchToCount
        It does not fit into that much memory.
    """
    connection = open_duckdb(megabytes=megabytes)
    duckdb = import_module("duckdb")
    # By the second name, if memory runs out while rows are put in.
    no_room = (duckdb.OutOfMemoryException, duckdb.TransactionException)
    try:
        connection.execute("create table event (place varchar, day integer)")
        connection.executemany("insert into event values (?, ?)", list(events))
        return connection.execute(_sql("weeks.sql")).fetchall()
    except no_room:
        raise TooMuchToCount(megabytes=megabytes) from None
    finally:
        connection.close()


def _sql(name: str) -> str:
    return resources.files("tocsin.desk").joinpath(name).read_text(encoding="utf-8")
