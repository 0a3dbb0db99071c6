"""What pages keep between two answers: the newest of one desk, and nothing once that desk is gone."""

from __future__ import annotations

import gc
import weakref

from tocsin.desk.site.between import Between


class Thing:
    """Something that a page keeps, and somebody to keep it for."""


def test_the_newest_is_given_by_its_code_and_to_its_desk_alone() -> None:
    kept: Between[Thing] = Between()
    one, other = Thing(), Thing()
    old, new = Thing(), Thing()

    first = kept.keep(one, old)
    second = kept.keep(one, new)

    assert kept.look(one, first) is None
    assert kept.look(other, second) is None
    assert kept.look(one, second) is new
    assert kept.take(one, second) is new
    assert kept.take(one, second) is None


def test_what_was_kept_goes_with_its_desk() -> None:
    kept: Between[Thing] = Between()
    desk, thing = Thing(), Thing()
    kept.keep(desk, thing)
    left = weakref.ref(thing)

    del desk, thing
    gc.collect()

    assert left() is None
