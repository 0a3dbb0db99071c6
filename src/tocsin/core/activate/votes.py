"""Raise, vote, announce: each makes one content for one seat to append."""

from __future__ import annotations

import msgspec

from tocsin.core.activate.brief import Brief, hash_brief
from tocsin.core.activate.errors import AlarmNeeded, OtherBrief
from tocsin.core.activate.protocol import check_protocol, find_seat, hash_protocol, takes_alarm
from tocsin.core.activate.records import ActivationCode, Protocol, Raised, Vote
from tocsin.core.seal import SigningKey
from tocsin.core.watch import Alarm
from tocsin.terms import Place


def raise_activation(
    code: ActivationCode,
    brief: Brief,
    protocol: Protocol,
    *,
    place: Place,
    alarm: Alarm | None,
    alarm_record: bytes | None,
    tally_record: bytes | None,
    at: int,
) -> Raised:
    """Put a brief before the seats.

    Parameters
    ----------
    code : ActivationCode
        Fresh and random.
    brief, protocol, place
        What is asked, of whom and where.
    alarm, alarm_record
        The alarm and its record's id (16 bytes), if there is one.
    tally_record : bytes, 16, or None
        Id of the tally's record.
    at : UTC seconds
        From when the clocks run.

    Raises
    ------
    BadProtocol
        The protocol can never be satisfied.
    AlarmNeeded
        The protocol asks for an alarm of a kind, and this is none.
    OtherBrief
        The alarm is about another place.
    """
    check_protocol(protocol)
    if protocol.needs_alarm and (alarm is None or not takes_alarm(protocol, alarm.method)):
        raise AlarmNeeded
    if alarm is not None and alarm.place != place:
        raise OtherBrief("place")
    return Raised(
        activation=code,
        place=place,
        alarm=alarm_record,
        tally=tally_record,
        protocol_hash=hash_protocol(protocol),
        brief=brief.text,
        brief_hash=brief.hash,
        raised_at=at,
    )


def vote_message(vote: Vote) -> bytes:
    """Give the bytes a vote signs: msgpack `[activation, seat, protocol_hash, brief_hash, voted_at]`."""
    said = [vote.activation, vote.seat, vote.protocol_hash, vote.brief_hash, vote.voted_at]
    return msgspec.msgpack.encode(said)


def cast_vote(
    raised: Raised, protocol: Protocol, *, seat: str, key: SigningKey, coalition: bytes, at: int
) -> Vote:
    """Sign a brief for a seat.

    Parameters
    ----------
    raised : Raised
        What the seat has read.
    protocol : Protocol
        The one it was raised under.
    seat : str
        The seat's code.
    key : SigningKey
        That of the seat's device.
    coalition : bytes, 32
    at : UTC seconds

    Raises
    ------
    NoSuchSeat
    OtherBrief
        The text is not the one its hash stands for, or the protocol is not the one it was raised under.
    """
    if hash_protocol(protocol) != raised.protocol_hash:
        raise OtherBrief("protocol")
    if hash_brief(raised.brief) != raised.brief_hash:
        raise OtherBrief("brief")
    unsigned = Vote(
        activation=raised.activation,
        seat=find_seat(protocol, seat).seat,
        protocol_hash=raised.protocol_hash,
        brief_hash=raised.brief_hash,
        signature=b"",
        voted_at=at,
    )
    signature = key.sign("vote", coalition=coalition, message=vote_message(unsigned))
    return msgspec.structs.replace(unsigned, signature=signature)
