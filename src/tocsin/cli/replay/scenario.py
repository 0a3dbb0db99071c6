"""What the replay is fed: claims and panels of 2017, invented people who call, beds and guides. All can be changed."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field
from datetime import date

from tocsin.core.intake import Account, Facts, Submission, Who
from tocsin.core.protect import Guide, GuideCode, Offer, OfferCode
from tocsin.core.watch import Claim, Panel
from tocsin.feeds import autumn_2017, panels_of_2017
from tocsin.terms import Day, Period, Place, day_from_date

FIRST_DAY = day_from_date(date(2017, 9, 11))
"""A Monday, the week before the raids: the coalition is founded on it."""
LAST_DAY = day_from_date(date(2017, 10, 12))
"""The day of the last report about Baku; the exercise's clock runs on from it."""
HORIZON = day_from_date(date(2017, 12, 31))
"""Until when beds and guides are there."""
BAKU = Place("az")
FIRST_CALL = day_from_date(date(2017, 9, 22))

LISTS = """hotline,clinic,prison monitor,count
1,0,0,18
0,1,0,12
0,0,1,6
1,1,0,5
1,0,1,3
0,1,1,1
1,1,1,1
"""

LANGUAGES = (("az",), ("az", "ru"), ("ru",), ("az", "tr"), ("az", "en"))


@dataclass(frozen=True, kw_only=True)
class Invented:
    """An invented person: every word of theirs bears a canary that must be found nowhere in clear."""

    day: Day
    submission: Submission
    canaries: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One run's inputs. Changing any of them changes what follows."""

    claims: tuple[Claim, ...] = field(default_factory=lambda: tuple(autumn_2017()))
    panels: tuple[Panel, ...] = field(default_factory=lambda: tuple(panels_of_2017()))
    n_calls: int = 40
    call_days: int = 10
    """Days over which the calls come, from FIRST_CALL on."""
    n_beds: int = 54
    n_guides: int = 16
    n_seats_signing: int = 2
    lists: str = LISTS
    """Invented people by the three invented organisations that know of them; nobody's name."""
    claimed: int = 83
    """What the ministry says they are in all."""
    last_day: Day = LAST_DAY
    seed: int = 2017

    def people(self) -> list[Invented]:
        """Invent the callers: facts drawn from the seed, so that a run can be repeated; canaries fresh each time."""
        rng = random.Random(self.seed)  # noqa: S311 - invented facts, no key
        days = [Day(FIRST_CALL + number * self.call_days // self.n_calls) for number in range(self.n_calls)]
        return [_invent(rng, number, day) for number, day in enumerate(days)]

    def offers(self) -> list[Offer]:
        """Spread the beds over offers of two to six, in three countries."""
        rng = random.Random(self.seed + 1)  # noqa: S311 - invented facts, no key
        offers: list[Offer] = []
        left = self.n_beds
        while left > 0:
            beds = min(left, rng.randint(2, 6))
            offers.append(_offer(rng, len(offers), beds))
            left -= beds
        return offers

    def guides(self) -> list[Guide]:
        """Invent guides, most of whom travel from Azerbaijan to one of the three countries."""
        rng = random.Random(self.seed + 2)  # noqa: S311 - invented facts, no key
        return [_guide(rng, number) for number in range(self.n_guides)]


def _canary(kind: str) -> str:
    return f"canary-{kind}-{secrets.token_hex(8)}"


def _invent(rng: random.Random, number: int, day: Day) -> Invented:
    name, reach, words = _canary("name"), _canary("reach"), _canary("words")
    who = Who(name=f"Invented Person {number + 1} {name}", reach=f"knock three times, {reach}")
    told = f"This person does not exist. They were taken on the street and asked for addresses. {words}"
    submission = Submission(
        drill=False,
        answer_key=secrets.token_bytes(32),
        locator=secrets.token_bytes(32),
        write_token=secrets.token_bytes(32),
        identity=who,
        narrative=Account(text=told, language=rng.choice(("az", "ru"))),
        facts=_facts(rng, day),
    )
    return Invented(day=day, submission=submission, canaries=(name, reach, words))


def _facts(rng: random.Random, day: Day) -> Facts:
    people = rng.choice((1, 1, 1, 1, 2, 2, 3))
    named = rng.choice((True, True, False, None))
    return Facts(
        place=Place("az-ba"),
        people=people,
        n_children=0 if people == 1 else rng.randint(0, people - 1),
        danger_now=rng.choice((True, False, False, None)),
        held=rng.choice((True, False, False, False)),
        tortured=rng.choice((True, False, None)),
        named_others=named,
        n_to_warn=rng.randint(1, 4) if named else None,
        needs_care=rng.choice((True, False, False)),
        needs_step_free=rng.choice((True, False, False, False, False)),
        must_leave_by=rng.choice((None, None, None, Day(day + rng.randint(10, 60)))),
        languages=rng.choice(LANGUAGES),
    )


def _offer(rng: random.Random, number: int, beds: int) -> Offer:
    return Offer(
        offer=OfferCode(f"offer-{number:02d}"),
        beds=beds,
        country=Place(rng.choice(("ge", "tr", "ge"))),
        languages=rng.choice((("ka", "ru"), ("tr", "en"), ("en",))),
        step_free=rng.random() < 0.6,
        takes_children=rng.random() < 0.8,
        open=Period(FIRST_CALL, HORIZON),
    )


def _guide(rng: random.Random, number: int) -> Guide:
    return Guide(
        guide=GuideCode(f"guide-{number:02d}"),
        device=None,
        leaves=Place("az"),
        reaches=Place(("ge", "tr")[number % 3 == 2]),
        free=Period(Day(FIRST_CALL + rng.randint(0, 4)), HORIZON),
        trip_days=rng.randint(3, 6),
        people=rng.randint(3, 5),
    )
