"""tocsin does not start where post-quantum sealing does not work."""

from __future__ import annotations

import pytest

from tocsin.core.seal import Identity, NoPostQuantum, seal, self_test
from tocsin.core.seal.selftest import KNOWN_FILE


def test_this_machine_passes() -> None:
    self_test()


@pytest.mark.parametrize("place", [100, 1400, len(KNOWN_FILE) - 1])
def test_a_result_other_than_the_known_one_stops_everything(place: int) -> None:
    changed = KNOWN_FILE[:place] + bytes((KNOWN_FILE[place] ^ 1,)) + KNOWN_FILE[place + 1 :]

    with pytest.raises(NoPostQuantum):
        self_test(changed)


def test_a_file_that_opens_to_something_else_stops_everything() -> None:
    with pytest.raises(NoPostQuantum):
        self_test(seal(b"something else", [Identity.from_seed(bytes(32)).recipient]))
