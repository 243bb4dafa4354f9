"""Phones on the tray by the dozen: a slice of the corpus of `screens.py`; `make bench` reads all of it (`corpus`)."""

from __future__ import annotations

import pytest

from tests.devices.corpus import look_at
from tests.devices.screens import scene

pytestmark = pytest.mark.slow

SLICE = range(0, 1200, 20)


def test_a_slice_of_the_corpus_is_read_and_nothing_is_read_wrong() -> None:
    looks = [look_at(scene(number)) for number in SLICE]
    assert [look for look in looks if look.wrong] == []
    unread = [look.number for look in looks if not look.read]
    assert len(unread) <= len(looks) // 50, unread


def test_the_corpus_is_the_same_every_time() -> None:
    assert (scene(7).frame() == scene(7).frame()).all()
    assert (scene(7).frame(0) != scene(7).frame(1)).any()
    assert scene(7).text != scene(8).text
