"""Seal somebody's words as the witness's page does, from what the relay gives to everybody."""

from __future__ import annotations

import secrets

from tocsin.core.intake import Account, Facts, Who, call_by, write_submission
from tocsin.core.ledger.witness import MOST_DEVICES, WitnessFile
from tocsin.core.seal import Receipt, Recipient, seal
from tocsin.desk.errors import NobodyOnDuty
from tocsin.terms import month_of


def seal_words(
    witness: WitnessFile, account: Account, facts: Facts, *, offline: bool
) -> tuple[Receipt, bytes]:
    """Seal words to who is on duty today; without a network to the month's file keys.

    Returns
    -------
    Receipt
        To be written down by hand: it opens the replies.
    bytes
        The sealed file.

    Raises
    ------
    NobodyOnDuty
        There is no key to seal to.
    TooLong
        The words do not fit.
    """
    recipients = _file_recipients(witness) if offline else list(witness.recipients)
    if not recipients:
        raise NobodyOnDuty
    receipt = Receipt.fresh()
    submission = call_by(receipt, nonce=secrets.token_bytes(16), who=Who(), account=account, facts=facts)
    return receipt, seal(write_submission(submission), recipients)


def _file_recipients(witness: WitnessFile) -> list[Recipient]:
    """Each device's key of this month: it is erased 35 days after the month, so a sealed text may lie for as long."""
    month = month_of(witness.day)
    keys = {key.device: key for key in witness.file_keys if key.period == month}
    return [Recipient(keys[device].public) for device in sorted(keys)[:MOST_DEVICES]]
