"""Watch on the desk: enter what was published, declare who watched, ring."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin import __version__
from tocsin.core.ledger import WATCH
from tocsin.core.watch import AcuteSettings, Alarm, Claim, Panel, Settings, ring_alarm
from tocsin.desk.desk import Desk
from tocsin.terms import Place, week_of

STANDARD = AcuteSettings()


def record_claims(desk: Desk, claims: Iterable[Claim]) -> int:
    """Enter claims that the ledger does not have yet; say how many were new."""
    known = {claim.claim for claim in desk.contents(Claim)}
    new = [claim for claim in claims if claim.claim not in known]
    for claim in new:
        desk.append(claim, to=WATCH)
    return len(new)


def declare_panel(desk: Desk, panel: Panel) -> None:
    """Declare that these sources watched a place, so that their silence means quiet."""
    desk.append(panel, to=WATCH)


def stands_out(desk: Desk, place: Place, *, settings: Settings = STANDARD) -> Alarm | None:
    """Make the alarm of a place whose week stands out and for which nobody has rung yet; None where all is as usual."""
    week = week_of(desk.today)
    rung = [alarm.week for alarm in desk.contents(Alarm) if alarm.place == place]
    if week in rung:
        return None
    alarm = ring_alarm(
        desk.contents(Claim),
        desk.contents(Panel),
        place,
        as_of=desk.today,
        settings=settings,
        code_version=__version__,
    )
    # A surge that goes on has rung already; one that began while nobody asked has not.
    goes_on = (
        alarm is not None and not alarm.begins and max(rung, default=week - 53) >= week - STANDARD.lull_weeks
    )
    return None if goes_on else alarm


def ring(desk: Desk, place: Place, *, settings: Settings = STANDARD) -> Alarm | None:
    """Ring if this week stands out in a place and nobody has rung for it yet; None where all is as usual."""
    alarm = stands_out(desk, place, settings=settings)
    if alarm is not None:
        desk.append(alarm, to=WATCH)
    return alarm
