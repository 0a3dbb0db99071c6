"""The relay's paths: docs/formats.md section 6, line by line."""

from __future__ import annotations

from django.urls import path, register_converter

from tocsin.relay.api import attachments, beside, heads, intake, lodge, records
from tocsin.relay.api.door import endpoint, filler, signed, unsigned


class Hash:
    """32 bytes as 64 hex digits."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> bytes:
        """Read the digits."""
        return bytes.fromhex(value)

    def to_url(self, value: bytes) -> str:
        """Write the digits."""
        return value.hex()


class Address(Hash):
    """An attachment's address, which is also its file's name."""

    def to_python(self, value: str) -> str:  # type: ignore[override]  # kept as digits
        """Leave the digits as they are."""
        return value


class SmallNumber:
    """A day in a path."""

    regex = "[0-9]{1,9}"

    def to_python(self, value: str) -> int:
        """Read it."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Write it."""
        return str(value)


register_converter(Hash, "hash")
register_converter(Address, "address")
register_converter(SmallNumber, "day")

urlpatterns = [
    path("lodge", endpoint(POST=lodge.take_founding)),
    path("refill", endpoint(POST=lodge.take_lost)),
    path("lodged", endpoint(POST=lodge.give_founding)),
    path("c/<hash:name>/challenge", endpoint(GET=beside.give_challenge)),
    path("c/<hash:name>/records", endpoint(POST=signed(records.take), GET=signed(records.give))),
    path("c/<hash:name>/fill", endpoint(POST=filler(records.fill))),
    path("c/<hash:name>/roll", endpoint(GET=unsigned(records.give_rolls))),
    path("c/<hash:name>/head", endpoint(GET=unsigned(heads.give_head))),
    path("c/<hash:name>/cosignature", endpoint(POST=unsigned(heads.take_cosignature))),
    path("c/<hash:name>/inclusion", endpoint(GET=unsigned(heads.prove_inclusion))),
    path("c/<hash:name>/consistency", endpoint(GET=unsigned(heads.prove_consistency))),
    path("c/<hash:name>/keys", endpoint(POST=unsigned(beside.take_keys), GET=unsigned(beside.give_keys))),
    path("c/<hash:name>/beside", endpoint(GET=signed(beside.give_overview))),
    path("c/<hash:name>/grants", endpoint(POST=signed(beside.take_grants))),
    path(
        "c/<hash:name>/folder/<day:day>/grants",
        endpoint(GET=signed(beside.give_grants), POST=signed(beside.refill_grants)),
    ),
    path("c/<hash:name>/submissions", endpoint(POST=unsigned(intake.take_submission))),
    path("c/<hash:name>/witness", endpoint(GET=unsigned(intake.give_witness))),
    path("c/<hash:name>/work", endpoint(GET=unsigned(intake.give_work))),
    path("c/<hash:name>/mailboxes", endpoint(POST=unsigned(intake.read_mailboxes))),
    path("c/<hash:name>/mailbox", endpoint(POST=unsigned(intake.take_reply))),
    path("c/<hash:name>/charter", endpoint(POST=unsigned(intake.take_charter))),
    path("c/<hash:name>/words", endpoint(POST=unsigned(intake.take_words))),
    path(
        "c/<hash:name>/folder/<day:day>/submissions",
        endpoint(GET=signed(beside.give_submissions), POST=signed(beside.refill_submissions)),
    ),
    path("c/<hash:name>/attachments", endpoint(GET=signed(attachments.give_list))),
    path(
        "c/<hash:name>/attachment/<address:address>",
        endpoint(
            HEAD=unsigned(attachments.ask), PATCH=unsigned(attachments.add), GET=unsigned(attachments.fetch)
        ),
    ),
]
