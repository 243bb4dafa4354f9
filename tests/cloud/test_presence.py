"""The heartbeat tells the cloud how far the journal is sealed, so that somebody outside can say what it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.pair import Pair
from tests.conftest import Make
from tihuo.boards.trail import about_orders
from tihuo.ledger import proving, seals
from tihuo.ledger.seals import Head, Sealer

BEAT = 301
"""Turns of 100 ms until the next heartbeat."""


@pytest.fixture
def pair(make_shop: Make, tmp_path: Path) -> Iterator[Pair]:
    both = Pair(tmp_path, make_shop())
    both.settle()
    yield both
    both.close()


def told(pair: Pair) -> str:
    presence = pair.cloud.presence()
    assert presence is not None
    return presence.head


def test_the_cloud_hears_the_head_of_the_journal(pair: Pair) -> None:
    assert told(pair) == "", "nothing is sealed yet"
    Sealer(pair.shop.writer, pair.shop.readers, about_orders).step()
    pair.turn(BEAT)
    first = told(pair)
    assert first == str(pair.shop.read(seals.head))
    pair.bought("lin", RICE=1)
    Sealer(pair.shop.writer, pair.shop.readers, about_orders).step()
    pair.turn(BEAT)
    assert told(pair) != first
    entry, _, digest = first.partition(":")
    assert pair.shop.read(proving.differs, Head(int(entry), digest)) is None


def test_a_restored_box_is_not_where_the_cloud_heard_it_was(pair: Pair) -> None:
    Sealer(pair.shop.writer, pair.shop.readers, about_orders).step()
    backup = pair.back_up()
    pair.bought("lin", RICE=1)
    Sealer(pair.shop.writer, pair.shop.readers, about_orders).step()
    pair.turn(BEAT)
    entry, _, digest = told(pair).partition(":")
    pair.put_back(backup)
    pair.settle()
    Sealer(pair.shop.writer, pair.shop.readers, about_orders).step()
    with pair.shop.readers.look() as look:
        walk = proving.Walk()
        assert list(proving.walk(look, walk)) == []
        assert len(walk.epochs) == 2
    other = pair.shop.read(proving.differs, Head(int(entry), digest))
    assert other is not None and other.what == "other_head"
