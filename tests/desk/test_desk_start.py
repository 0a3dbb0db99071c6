"""What must be there before a desk or a relay opens anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from coalition import PASSPHRASE

from tocsin.core.seal import Keyring, NoPostQuantum, self_test
from tocsin.desk import desk
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.keyfile import KeyFile


def test_without_ml_kem_no_desk_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KeyFile.create(tmp_path, Keyring.fresh(), PASSPHRASE, log_n=10)
    # As on a machine whose cryptography does ML-KEM differently: the known file does not open.
    monkeypatch.setattr(desk, "self_test", lambda: self_test(b"not the file that others wrote"))

    with pytest.raises(NoPostQuantum):
        Desk.open(tmp_path, PASSPHRASE, clock=Clock())
