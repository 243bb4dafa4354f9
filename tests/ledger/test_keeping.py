"""The write-ahead log is moved into the file beside the writer, and never grows without end."""

from __future__ import annotations

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.ledger.database import check
from tihuo.ledger.keeping import CHECKPOINT_BYTES, TRUNCATE_BYTES, Checkpointer
from tihuo.shop.work import Work


def write(work: Work, size: int) -> None:
    work.sql("INSERT INTO parked(message_id, reason, detail, payload, at) VALUES ('', '', '', zeroblob(?), 0)", (size,))


def log_size(shop: LittleShop) -> int:
    return shop.path.with_name(f"{shop.path.name}-wal").stat().st_size


@pytest.fixture
def still(make_shop: Make) -> LittleShop:
    return make_shop(running=False)


def test_a_log_that_has_grown_is_moved_into_the_file_and_used_again(still: LittleShop) -> None:
    keeper = Checkpointer(still.path)
    before = still.path.stat().st_size
    keeper.step()
    assert still.path.stat().st_size == before
    still.do(write, CHECKPOINT_BYTES)
    grown = log_size(still)
    keeper.step()
    assert still.path.stat().st_size > before + CHECKPOINT_BYTES
    for _ in range(20):
        still.do(write, 10_000)
    assert log_size(still) == grown


def test_a_log_that_has_grown_a_lot_is_cut_back(still: LittleShop) -> None:
    still.do(write, TRUNCATE_BYTES)
    Checkpointer(still.path).step()
    assert log_size(still) == 0
    assert still.value("SELECT sum(length(payload)) FROM parked") == TRUNCATE_BYTES


def test_a_long_look_only_puts_it_off(still: LittleShop) -> None:
    keeper = Checkpointer(still.path)
    with still.readers.look() as look:
        assert look.one("SELECT count(*) FROM parked") == (0,)
        still.do(write, TRUNCATE_BYTES)
        keeper.step()
        assert log_size(still) > TRUNCATE_BYTES
        assert look.one("SELECT count(*) FROM parked") == (0,)
    keeper.step()
    assert log_size(still) == 0
    assert check(still.path) == []
