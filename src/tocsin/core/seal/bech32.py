"""Write keys as text: bech32 (BIP 173) without its limit of 90 characters, as age does for its long keys."""

from __future__ import annotations

from tocsin.core.seal.errors import DamagedKey

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE = {letter: value for value, letter in enumerate(_CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_N_CHECK = 6


def encode(prefix: str, payload: bytes) -> str:
    """Write bytes behind a lower-case prefix, with a checksum; upper-case the result as a whole if wanted."""
    words = _regroup(payload, 8, 5)
    check = _polymod([*_spread(prefix), *words, *bytes(_N_CHECK)]) ^ 1
    words += [check >> 5 * (_N_CHECK - 1 - i) & 31 for i in range(_N_CHECK)]
    return prefix + "1" + "".join(_CHARSET[word] for word in words)


def decode(text: str) -> tuple[str, bytes]:
    """Read prefix (lower case) and bytes back.

    Raises
    ------
    DamagedKey
        Mixed case, a foreign letter, a wrong checksum or bits left over.
    """
    if text not in (text.lower(), text.upper()):
        raise DamagedKey("upper and lower case are mixed")
    prefix, _, letters = text.lower().rpartition("1")
    if not prefix or len(letters) < _N_CHECK or not set(letters) <= _VALUE.keys() or not prefix.isascii():
        raise DamagedKey("it is not bech32")
    words = [_VALUE[letter] for letter in letters]
    if _polymod([*_spread(prefix), *words]) != 1:
        raise DamagedKey("its checksum is wrong")
    payload = bytes(_regroup(bytes(words[:-_N_CHECK]), 5, 8))
    if _regroup(payload, 8, 5) != words[:-_N_CHECK]:
        raise DamagedKey("it has bits left over")
    return prefix, payload


def _spread(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, part in enumerate(_GENERATOR):
            if top >> i & 1:
                check ^= part
    return check


def _regroup(values: bytes, n_from: int, n_to: int) -> list[int]:
    """Cut a row of `n_from`-bit values into `n_to`-bit ones; smaller ones are filled up, larger ones not."""
    row = held = 0
    out = []
    for value in values:
        row = (row << n_from | value) & 0xFFF
        held += n_from
        while held >= n_to:
            held -= n_to
            out.append(row >> held & (1 << n_to) - 1)
    if n_to < n_from and held:
        out.append(row << n_to - held & (1 << n_to) - 1)
    return out
