"""The claims of 2017 that travel with the package: Baku and Chechnya, by the day each became known."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Final

from tocsin.core.watch import Claim, Panel, Report, claim_from
from tocsin.feeds.crises import read_crisis_file
from tocsin.terms import Period, Place, day_from_date

TABLES: Final = {Place("az"): "azerbaijan-2017.csv", Place("ru-ce"): "chechnya-2017.csv"}
"""Place → file in `tocsin.data`."""

WATCHED: Final = Period(day_from_date(date(2017, 1, 2)), day_from_date(date(2018, 2, 11)))
"""The weeks, Monday to Sunday, that the panel of the exercise is declared to have watched."""

BASIS: Final = (
    "Declared for the exercise, in hindsight: these sources published throughout, "
    "and no earlier act of this kind is in the reports we read."
)


def reports_of_2017(place: Place) -> list[Report]:
    """Read the packaged table of one place."""
    content = resources.files("tocsin.data").joinpath(TABLES[place]).read_bytes()
    return read_crisis_file(content, place=place)


def autumn_2017() -> list[Claim]:
    """Give all packaged claims in the order they became known, each known on the day of its publication."""
    reports = [report for place in TABLES for report in reports_of_2017(place)]
    claims = [claim_from(report, known_on=report.published) for report in reports]
    return sorted(claims, key=lambda claim: (claim.known_on, claim.claim))


def panels_of_2017() -> list[Panel]:
    """Declare the exercise's panels: per place, the sources of its table, watching all the time."""
    return [
        Panel(
            place=place,
            sources=tuple(sorted({report.source.name for report in reports_of_2017(place)})),
            watched=WATCHED,
            basis=BASIS,
        )
        for place in TABLES
    ]
