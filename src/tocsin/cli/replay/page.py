"""The exercise's witness's page: founders sign its charter, so that anybody can write to the three desks."""

from __future__ import annotations

from tocsin.cli.replay.exercise import Exercise
from tocsin.desk.intake import page_texts


def open_page(exercise: Exercise) -> str:
    """Have two founders sign the charter; give the page's address with its pin."""
    first, second = exercise.desks[1], exercise.desks[2]
    text = page_texts.propose_charter(first)
    exercise.sync_in_turn(first, second)
    page_texts.sign(second, text)
    exercise.sync_in_turn(second, first)
    return f"{exercise.address}/#{page_texts.pin(first)}"
