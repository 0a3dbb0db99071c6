"""What the watch room writes, all of it in the compartment `watch`, which every desk of the coalition reads.

Nothing here is about one person: watch reads public sources only, and a claim carries no free text from them.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tocsin.core.ledger.content import Content, Duty, Older
from tocsin.terms import CalendarDay, Day, Period, Place, Source, Week


class Qualifier(StrEnum):
    """How a source put its number."""

    EXACT = "exact"
    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    ABOUT = "about"
    BETWEEN = "between"
    DOZENS = "dozens"
    SOME = "some"
    SEVERAL = "several"
    ALL = "all"


class Stance(StrEnum):
    """What a claim does with what it speaks of."""

    ASSERTS = "asserts"
    DENIES = "denies"
    QUALIFIES = "qualifies"
    REVISES = "revises"


class Claim(Content, frozen=True, kw_only=True):
    """Say who said what happened, where, when, to how many: one statement of one published item."""

    KIND = "watch.claim"
    WRITERS = frozenset({Duty.ANALYST, Duty.SENTRY})
    WHERE = "watch"

    claim: str
    """Stable code of this statement: the item's and its place in it, `az05.2`; all desks."""
    item: str
    """Code of the published item it stands in; all desks."""
    published: CalendarDay
    """Day the public could first read it; all desks."""
    known_on: CalendarDay
    """Day this coalition could first know it, never before `published`: the as-of axis; all desks."""
    place: Place
    """Where it happened, no finer than the source says; all desks."""
    source: Source
    """Who published it and who stands behind them; all desks."""
    language: str
    """Language of the item, two letters of ISO 639-1; all desks."""
    origin: str
    """The act of observation it goes back to, described without a name; all desks."""
    derives_from: tuple[str, ...] = ()
    """Items it repeats, revises or sums up; all desks."""
    predicate: str
    """What is said to have happened, a word of `tocsin.core.watch.acts`; all desks."""
    qualifier: Qualifier | None = None
    """How the number is put, `None` if there is none; all desks."""
    number: int | None = None
    """People (or events) stated; the lower end where it is a range; all desks."""
    number_to: int | None = None
    """Upper end of a stated range, else `None`; all desks."""
    window_first: CalendarDay | None = None
    """First day the statement speaks of, `None` if it does not say; all desks."""
    window_last: CalendarDay | None = None
    """Last day the statement speaks of, `None` if it does not say; all desks."""
    stance: Stance = Stance.ASSERTS
    """Whether it asserts, denies, qualifies or revises; all desks."""
    about: str | None = None
    """Item that a denial or revision speaks of, if it names one; all desks."""
    first_hand: bool = False
    """Whether the origin itself saw, did or suffered it; all desks."""

    @property
    def window(self) -> Period | None:
        """Give the window if both its ends are known."""
        if self.window_first is None or self.window_last is None:
            return None
        return Period(self.window_first, self.window_last)


class Panel(Content, frozen=True, kw_only=True):
    """Declare that these named sources watched this place all this time, so their silence means quiet."""

    KIND = "watch.panel"
    WRITERS = frozenset({Duty.ANALYST})
    WHERE = "watch"

    place: Place
    """Place they watched, with all its parts; all desks."""
    sources: tuple[str, ...]
    """Names of the sources, sorted, as in `Claim.source.name`; all desks."""
    watched: Period
    """Days they watched, both ends included; all desks."""
    basis: str
    """Why we believe it, in one sentence, shown wherever the series is; all desks."""


class EarsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of EARS C1 as an alarm records them."""

    baseline: int = 7
    """Weeks before the tested one that make the expectation."""
    alpha: float = 0.001
    """Chance of a false alarm in one quiet week if counts were normal; at most one half."""
    min_sigma: float = 0.5
    """Least spread assumed, in origins a week: with 0.5 a lone origin after silence does not ring, two do."""


class AlarmByEars(Older, frozen=True, kw_only=True):
    """An alarm as it was written when EARS C1 was the only detector."""

    place: Place
    week: Week
    as_of: Day
    observed: int
    expected: float
    threshold: float
    counts: tuple[int | None, ...]
    method: str
    settings: EarsSettings
    claims: tuple[str, ...]
    panels: tuple[Panel, ...]
    data_hash: bytes
    code_version: str

    def newer(self) -> Alarm:
        """Say the same by the next schema; nobody dated a surge then."""
        facts = msgspec.structs.asdict(self)
        facts["settings"] = msgspec.structs.asdict(self.settings)
        return Alarm(**facts, p_acute=None, begins=True, onset=None)


class Onset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a surge began."""

    best: Week
    """Most likely first week."""
    first: Week
    last: Week
    """Weeks between which it began with a probability of 0.9."""


class Alarm(Content, frozen=True, kw_only=True):
    """Say that a place's week stands out against its own baseline, with everything needed to recompute it."""

    KIND = "watch.alarm"
    WRITERS = frozenset({Duty.ANALYST, Duty.SENTRY})
    SCHEMA = 2
    WHERE = "watch"
    URGENT = True
    OLDER = (AlarmByEars,)

    place: Place
    """Where; all desks."""
    week: Week
    """The week that stands out; all desks."""
    as_of: Day
    """Only claims known by this day were used; all desks."""
    observed: int
    """Distinct origins heard that week from the panel's sources; all desks."""
    expected: float
    """Origins a week by the baseline; all desks."""
    threshold: float
    """Origins a week above which the alarm rings; all desks."""
    counts: tuple[int | None, ...]
    """The baseline weeks, oldest first, `None` where nobody watched; all desks."""
    method: str
    """Name of the detector, `acute` or `ears_c1`; all desks."""
    settings: dict[str, int | float]
    """Its settings by name; all desks."""
    p_acute: float | None
    """Probability that the week is part of a surge, `None` if the method gives none; all desks."""
    begins: bool
    """Whether the surge begins or worsens that week; all desks."""
    onset: Onset | None
    """When it began, `None` if the method does not date it; all desks."""
    claims: tuple[str, ...]
    """Codes of the claims counted in that week, sorted; all desks."""
    panels: tuple[Panel, ...]
    """The declarations that make the quiet weeks count as quiet; all desks."""
    data_hash: bytes
    """SHA-256 over claims, panels, place, settings and the day of asking (`hash_inputs`); all desks."""
    code_version: str
    """Version of tocsin that computed it; all desks."""
