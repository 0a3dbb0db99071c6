"""What the seats are asked to sign: what is known, by whom, how well; a text without names of people."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from tocsin.core.activate.records import Protocol
from tocsin.core.count import Tally, TallyRow
from tocsin.core.watch import Alarm, Qualifier
from tocsin.terms import Day, date_of, first_day_of

IN_WORDS = {
    Qualifier.EXACT: "{0}",
    Qualifier.AT_LEAST: "at least {0}",
    Qualifier.MORE_THAN: "more than {0}",
    Qualifier.ABOUT: "about {0}",
    Qualifier.BETWEEN: "between {0} and {1}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A text and the hash that stands for it in every vote."""

    text: str

    @property
    def hash(self) -> bytes:
        """SHA-256 of the text's UTF-8."""
        return hash_brief(self.text)


def hash_brief(text: str) -> bytes:
    """Hash a brief as votes sign it."""
    return sha256(text.encode()).digest()


def write_brief(alarm: Alarm | None, tally: Tally, protocol: Protocol) -> Brief:
    """Write the brief of an activation.

    Parameters
    ----------
    alarm : Alarm or None
        What rang; `None` if it is raised without.
    tally : Tally
        What is claimed, with grades.
    protocol : Protocol
        Whose quorum and clocks the seats sign under.
    """
    quorum, clocks = protocol.quorum, protocol.clocks
    terms = (
        f"Protocol {protocol.name}, version {protocol.version}: {quorum.seats} seats of "
        f"{quorum.organisations} organisations within {clocks.vote_hours} hours; "
        f"runs {clocks.active_hours} hours."
    )
    lines = [
        f"Activation asked for: {tally.place}. What was known on {date_of(tally.as_of)}.",
        _why(alarm),
        *(_row(row) for row in tally.rows),
        "These numbers count different things over different days and are never added up.",
        terms,
    ]
    return Brief(text="\n".join(lines) + "\n")


def _why(alarm: Alarm | None) -> str:
    if alarm is None:
        return "Raised without an alarm."
    return (
        f"Alarm: in the week of {date_of(first_day_of(alarm.week))} {alarm.observed} origins spoke of acts, "
        f"where {alarm.expected:.2f} are usual and {alarm.threshold:.2f} is the threshold ({alarm.method})."
    )


def _row(row: TallyRow) -> str:
    number = IN_WORDS.get(row.qualifier, f"{row.qualifier}") if row.qualifier else "no number"
    many = number.format(row.number, row.number_to)
    days = f"{_day(row.window_first)} to {_day(row.window_last)}"
    behind = " and ".join(row.origins)
    return f"- {row.predicate}: {many}; {days}; {row.grade}; from {behind} ({', '.join(row.items)})"


def _day(day: Day | None) -> str:
    return "not said" if day is None else date_of(day).isoformat()
