"""Who has signed what was stated, and whether this desk may: the same for tallies and estimates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tocsin.core.ledger import Content, Duty, NotOnRoll
from tocsin.desk.desk import Desk, Version
from tocsin.errors import CountError
from tocsin.terms import OrganisationNumber

Stated = TypeVar("Stated", bound=Content, contravariant=True)
Assessed = TypeVar("Assessed", bound=Content, contravariant=True)


class Check(Protocol[Stated, Assessed]):
    """A rule of core: raises CountError unless two organisations stand behind the same."""

    def __call__(
        self,
        stated: Stated,
        assessed: Assessed,
        /,
        *,
        counter: OrganisationNumber,
        assessor: OrganisationNumber,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The signatures under something stated."""

    counter: int
    counter_organisation: int
    assessors: tuple[tuple[int, int], ...]
    """Devices and organisations whose signature under it holds."""
    may_assess: bool


def signed_by(
    desk: Desk,
    stated: Version[Stated],
    assessments: Iterable[Version[Assessed]],
    check: Check[Stated, Assessed],
) -> Signed:
    """Say who has signed something, of the assessments that are about it."""
    counter = organisation_of(desk, stated.entry.device)
    assessors = []
    for assessed in assessments:
        organisation = organisation_of(desk, assessed.entry.device)
        if _holds(stated, assessed, check, counter, organisation):
            assessors.append((assessed.entry.device, organisation))
    own = organisation_of(desk, desk.device)
    is_assessor = Duty.ASSESSOR in desk.world.history.now.duties.get(desk.device, frozenset())
    return Signed(
        counter=stated.entry.device,
        counter_organisation=counter,
        assessors=tuple(assessors),
        may_assess=is_assessor and own != counter and own not in {each for _, each in assessors},
    )


def _holds(
    stated: Version[Stated],
    assessed: Version[Assessed],
    check: Check[Stated, Assessed],
    counter: int,
    assessor: int,
) -> bool:
    try:
        check(
            stated.content,
            assessed.content,
            counter=OrganisationNumber(counter),
            assessor=OrganisationNumber(assessor),
        )
    except CountError:
        return False
    return True


def organisation_of(desk: Desk, device: int) -> int:
    """Look up a device's organisation; 0 once it has left the roll."""
    try:
        return desk.world.history.now.roll.device(device).organisation
    except NotOnRoll:
        return 0
