"""A witness without a browser: seals as the page does, keeps a receipt, reads its mailbox."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from coalition import Coalition

from tocsin.core.intake import (
    Account,
    Attachment,
    Facts,
    Message,
    PocketAnswer,
    Sending,
    Submission,
    Who,
    read_reply,
    write_submission,
)
from tocsin.core.seal import Receipt, WrongKey, seal
from tocsin.core.seal.mailbox import SLOT_SIZE, Key, key_for
from tocsin.desk.intake.sending import recipients
from tocsin.desk.sync import sync
from tocsin.terms import Place

NAME, WORDS = "Invented Zarina tanagercanary", "This person does not exist. dunnockcanary"
CALLING = Facts(place=Place("az-ba"), people=2, danger_now=True)


@dataclass
class Witness:
    """Somebody with a phone and a receipt."""

    coalition: Coalition
    receipt: Receipt = field(default_factory=Receipt.fresh)

    def send(
        self,
        kind: Sending = Sending.CALL,
        *,
        text: str = WORDS,
        i: int = 0,
        answer: PocketAnswer | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Submission:
        """Seal and send, then let every desk fetch it."""
        made = Submission(
            drill=False,
            answer_key=self.receipt.answer_key(i),
            locator=self.receipt.locator(i),
            write_token=self.receipt.write_token(i),
            thread=self.receipt.thread,
            reply=self.receipt.reply_identity().recipient.public,
            nonce=secrets.token_bytes(16),
            kind=kind,
            answer=answer,
            identity=Who(name=NAME) if kind is Sending.CALL else Who(),
            narrative=Account(text=text, language="en"),
            facts=CALLING if kind is Sending.CALL else Facts(place=Place("zz")),
            attachments=attachments,
        )
        desk = self.coalition.desks[0]
        with desk.wire() as wire:
            wire.post_submission(seal(write_submission(made), recipients(desk)))
        self.coalition.sync_all()
        return made

    def read(self) -> list[Message]:
        """Read the mailbox: eight places of the first sending."""
        desk, receipt = self.coalition.desks[0], self.receipt
        keys = [key_for(receipt.locator(0), receipt.write_token(0), place) for place in range(8)]
        with desk.wire() as wire:
            slots = wire.read_mailboxes(b"".join(map(Key.to_bytes, keys)))
        found = []
        for place in range(8):
            try:
                found.append(
                    read_reply(
                        slots[place * SLOT_SIZE : (place + 1) * SLOT_SIZE],
                        receipt.reply_identity(),
                        answer_key=receipt.answer_key(0),
                        locator=receipt.locator(0),
                        place=place,
                    )
                )
            except WrongKey:
                continue
        return found


def sync_twice(coalition: Coalition) -> None:
    """Let what one desk says reach the others, and what they do about it come back."""
    for _ in range(2):
        for desk in coalition.desks:
            sync(desk)
