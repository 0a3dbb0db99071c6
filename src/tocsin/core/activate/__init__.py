"""Activate: an alarm and a tally come in, an activation goes out once a quorum has signed the same brief.

Read in this order: `records` (Protocol, Raised, Vote), `protocol` (checked and hashed), `brief` (what is
signed), `votes` (raise and sign), `state` (what the records add up to, clocks included), `release` (what may leave),
`deadlines` (what sentries watch).
"""

from tocsin.core.activate.brief import Brief, hash_brief, write_brief
from tocsin.core.activate.deadlines import Deadline, deadlines_of
from tocsin.core.activate.errors import (
    AlarmNeeded,
    BadProtocol,
    NoSuchSeat,
    NotAssessed,
    OtherBrief,
    QuorumNotMet,
)
from tocsin.core.activate.protocol import check_protocol, find_seat, hash_protocol, takes_alarm
from tocsin.core.activate.records import (
    Activated,
    ActivationCode,
    Assessed,
    Awaited,
    Awake,
    Clocks,
    DeadlineCode,
    DeadlineMet,
    DeadlinePassed,
    DeadlineSet,
    PingChoice,
    PingTried,
    Protocol,
    Quorum,
    Raised,
    Release,
    Seat,
    StoodDown,
    Vote,
)
from tocsin.core.activate.release import Released, let_out, released
from tocsin.core.activate.state import Clock, Entry, Refusal, Stage, State, announce, state_of
from tocsin.core.activate.votes import cast_vote, raise_activation, vote_message

__all__ = [
    "Activated",
    "ActivationCode",
    "AlarmNeeded",
    "Assessed",
    "Awaited",
    "Awake",
    "BadProtocol",
    "Brief",
    "Clock",
    "Clocks",
    "Deadline",
    "DeadlineCode",
    "DeadlineMet",
    "DeadlinePassed",
    "DeadlineSet",
    "Entry",
    "NoSuchSeat",
    "NotAssessed",
    "OtherBrief",
    "PingChoice",
    "PingTried",
    "Protocol",
    "Quorum",
    "QuorumNotMet",
    "Raised",
    "Refusal",
    "Release",
    "Released",
    "Seat",
    "Stage",
    "State",
    "StoodDown",
    "Vote",
    "announce",
    "cast_vote",
    "check_protocol",
    "deadlines_of",
    "find_seat",
    "hash_brief",
    "hash_protocol",
    "let_out",
    "raise_activation",
    "released",
    "state_of",
    "takes_alarm",
    "vote_message",
    "write_brief",
]
