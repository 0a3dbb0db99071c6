"""What people paste into chats comes out as it went in, or is refused in a sentence; never as something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ledger import Block, DamagedMessage, Sort, read_blocks, write_blocks

blocks = st.lists(st.builds(Block, st.sampled_from(Sort), st.binary(max_size=300)), min_size=1, max_size=4)


@given(sent=blocks)
def test_what_is_written_is_read_whatever_stands_around_it(sent: list[Block]) -> None:
    text = f"Good evening,\n\nhere it is:\n{write_blocks(sent)}\nYours, an invented person"

    assert read_blocks(text) == sent


@given(sent=blocks, width=st.integers(3, 200))
def test_a_chat_may_quote_wrap_and_prettify_it(sent: list[Block], width: int) -> None:
    text = write_blocks(sent).replace("-----", "\u2014")
    lines = [
        part for line in text.split("\n") for part in ([line] if "TOCSIN" in line else wrapped(line, width))
    ]

    assert read_blocks("\r\n".join(f">\u00a0{line}\u200b" for line in lines)) == sent


def wrapped(line: str, width: int) -> list[str]:
    return [line[at : at + width] for at in range(0, len(line), width)]


@given(at=st.integers(0, 1_000), letter=st.sampled_from("Aa9+/=%é"))
def test_a_changed_letter_changes_the_bytes_or_is_refused(at: int, letter: str) -> None:
    sent = Block(Sort.CARD, bytes(range(201)))
    text = write_blocks([sent])
    begin = text.index("\n") + 1
    place = begin + at % (text.rindex("-----END") - begin)
    changed = text[:place] + letter + text[place + 1 :]

    try:
        found = read_blocks(changed)
    except DamagedMessage:
        return
    assert (found == [sent]) == (changed == text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing of ours",
        write_blocks([Block(Sort.CARD, bytes(99))])[:-30],
        write_blocks([Block(Sort.CARD, bytes(99))]).replace("END TOCSIN CARD", "END TOCSIN OFFER"),
        write_blocks([Block(Sort.CARD, bytes(99))]).replace("CARD", "SPELL"),
        write_blocks([Block(Sort.CARD, bytes(99))])[:60] + write_blocks([Block(Sort.CARD, bytes(99))]),
    ],
)
def test_half_a_block_or_none_is_said(text: str) -> None:
    with pytest.raises(DamagedMessage):
        read_blocks(text)
