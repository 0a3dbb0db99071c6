"""Numbers that may leave: an estimate of two organisations once the protocol's seats let it out, and what it says then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tocsin.core.activate import (
    Entry,
    NotAssessed,
    QuorumNotMet,
    Release,
    Released,
    hash_protocol,
    let_out,
    released,
)
from tocsin.core.count import Estimate, Figure, hash_estimate
from tocsin.core.count.mse import ASSUMPTIONS, SMALL_CELL, TEXTS, TITLES, two_figures
from tocsin.desk.activate.actions import my_seat
from tocsin.desk.activate.queries import find_protocol
from tocsin.desk.activate.reading import protocol_in_force
from tocsin.desk.count.actions import COUNT
from tocsin.desk.count.drawing import Intervals, Told, draw_intervals
from tocsin.desk.count.stating import EstimateRow, estimate_rows, sentence_of
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import DeviceNumber, date_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """An estimate that two organisations have signed, and how far the seats are with it."""

    row: EstimateRow
    state: Released
    n_needed: int
    n_organisations_needed: int
    may_let_out: bool
    """Whether this desk holds a seat that has said nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """One of them, as it may leave."""

    release: ReleaseRow
    drawing: Intervals | None
    """In the figures that are told."""
    told: dict[str, Any]  # what json takes


def release_rows(desk: Desk) -> list[ReleaseRow]:
    """List the estimates that may be let out, or are, newest first."""
    if find_protocol(desk) is None:
        return []
    entries = [
        Entry(number=version.entry.number, author=DeviceNumber(version.entry.device), content=version.content)
        for version in desk.versions(Release)
        if not version.entry.barred
    ]
    return [_row(desk, row, entries) for row in reversed(estimate_rows(desk)) if row.signed.assessors]


def _row(desk: Desk, row: EstimateRow, entries: list[Entry]) -> ReleaseRow:
    protocol, what, hashed = protocol_in_force(desk), bytes.fromhex(row.id), hash_estimate(row.estimate)
    said = [entry.content for entry in entries if entry.author == desk.device] + waiting_contents(desk)
    mine = [each for each in said if isinstance(each, Release) and each.what == what]
    has_seat = any(seat.device == desk.device for seat in protocol.seats)
    return ReleaseRow(
        row=row,
        state=released(entries, what, hashed, protocol, firm_size=desk.world.firm),
        n_needed=protocol.quorum.seats,
        n_organisations_needed=protocol.quorum.organisations,
        may_let_out=has_seat and not any(one.protocol_hash == hash_protocol(protocol) for one in mine),
    )


def release_page(desk: Desk, number: int) -> ReleasePage:
    """Gather one by the number of the estimate's record.

    Raises
    ------
    NotHere
    """
    found = next((each for each in release_rows(desk) if each.row.number == number), None)
    if found is None:
        raise NotHere
    is_exact = found.state.is_out and found.state.is_exact
    told = tell(found.row.estimate, is_exact=is_exact)
    return ReleasePage(release=found, drawing=_draw(told), told=told)


def _draw(told: dict[str, Any]) -> Intervals | None:  # what json takes
    if told["refusals"]:
        return None
    names = ("title", "median", "low", "high")
    rows = [Told(**{name: row[name] for name in names}) for row in told["methods"]]
    return draw_intervals(told["documented"], rows, None)


def release(desk: Desk, number: int, *, is_exact: bool) -> None:
    """Let an estimate out for this desk's seat; it is out once a quorum has, under a firm head.

    Raises
    ------
    NotHere, NoSuchSeat
    NotAssessed
        One organisation alone stands behind it.
    """
    row = next((each for each in estimate_rows(desk) if each.number == number), None)
    if row is None:
        raise NotHere
    if not row.signed.assessors:
        raise NotAssessed
    protocol, hashed = protocol_in_force(desk), hash_estimate(row.estimate)
    seat = my_seat(desk, protocol).seat
    desk.append(let_out(bytes.fromhex(row.id), hashed, protocol, seat=seat, is_exact=is_exact), to=COUNT)


def told_outside(desk: Desk, number: int) -> dict[str, Any]:  # what json takes
    """Give what leaves as a file.

    Raises
    ------
    NotHere
    QuorumNotMet
        It is not out.
    """
    page = release_page(desk, number)
    state = page.release.state
    if not state.is_out:
        raise QuorumNotMet(
            seats=len(state.seats),
            need=page.release.n_needed,
            organisations=len({seat.organisation for seat in state.seats}),
            need_organisations=page.release.n_organisations_needed,
        )
    return page.told


def tell(estimate: Estimate, *, is_exact: bool) -> dict[str, Any]:  # what json takes
    """Say an estimate in words and figures, two of them unless it was let out as it was counted. Nothing tells of a cell."""
    return {
        "place": estimate.place,
        "from": date_of(estimate.period.first).isoformat(),
        "to": date_of(estimate.period.last).isoformat(),
        "as_of": date_of(estimate.as_of).isoformat(),
        "documented": None if estimate.documented < SMALL_CELL and not is_exact else estimate.documented,
        "sentence": sentence_of(estimate, is_exact=is_exact),
        "methods": [_method(one, is_exact=is_exact) for one in estimate.figures],
        "refusals": _reasons(estimate.refusals),
        "warnings": _reasons(estimate.warnings),
        "assumptions": list(ASSUMPTIONS),
        "rounded": not is_exact,
        "provenance": {
            "lists": estimate.n_lists,
            "table": estimate.table_hash.hex(),
            "program": estimate.program,
            "seed": estimate.seed,
        },
    }


def _method(figure: Figure, *, is_exact: bool) -> dict[str, Any]:  # what json takes
    ends = {"median": figure.median, "low": figure.low, "high": figure.high}
    if not is_exact:
        ends = {name: None if value is None else two_figures(value) for name, value in ends.items()}
    title = TITLES.get(figure.method, figure.method)
    return {"method": figure.method, "title": title, **ends, "reasons": _reasons(figure.reasons)}


def _reasons(codes: tuple[str, ...]) -> list[dict[str, str]]:
    return [
        {"code": code, "text": TEXTS.get(code, "A newer version of the program says why.")} for code in codes
    ]
