"""`tihuo verify`: what was done to the book of a shop is named, and the exit code says so."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.little_shop import LittleShop
from tihuo.api.auth import hash_pin
from tihuo.boards.trail import about_orders
from tihuo.cli.main import app
from tihuo.ledger import seals
from tihuo.ledger.seals import Sealer
from tihuo.settings import Http, Settings
from tihuo.shop.staff import keep_user
from tihuo.stages import handing_over, welcoming
from tihuo.wiring.box import Box


@pytest.fixture
def book(shop: LittleShop) -> tuple[Path, str]:
    """The database of a shop after an evening, and the head that it told."""
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    Sealer(shop.writer, shop.readers, about_orders).step()
    head = str(shop.read(seals.head))
    shop.close()
    return shop.path, head


def verify(path: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", "--database", str(path), *words])
    return result.exit_code, result.output


def changed(path: Path, *statements: str) -> Path:
    copy = path.with_name("changed.db")
    shutil.copyfile(path, copy)
    connection = sqlite3.connect(copy)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return copy


def test_a_book_as_it_was(book: tuple[Path, str]) -> None:
    path, head = book
    code, text = verify(path, "--against", head, "--against", f"{head[:20]}")
    assert code == 0, text
    assert "✓ every sealed entry is what it was" in text and f"Head: {head}" in text


def test_a_box_that_was_stopped_leaves_nothing_open(tmp_path: Path) -> None:
    box = Box(Settings(data_dir=tmp_path, http=Http(host="127.0.0.1", port=0)))
    box.start()
    for number in range(3):
        box.writer.write(welcoming.note_screen, f"k{number}").result(10)
    box.writer.write(keep_user, "周姐", "owner", hash_pin("135790")).result(10)
    box.stop()
    code, text = verify(box.settings.database)
    assert code == 0, text
    assert re.search(r"^[1-9]\d* entries, .* 0 not yet\.$", text, re.MULTILINE), text


def test_an_edited_entry(book: tuple[Path, str]) -> None:
    path = changed(book[0], "UPDATE journal SET actor = 'nobody' WHERE entry IN (3, 7)")
    code, text = verify(path)
    assert code == 1
    assert "✗ entry 3 is not what was sealed" in text and "✗ entry 7 is not what was sealed" in text
    code, text = verify(path, "--json")
    said = json.loads(text)
    assert code == 1 and not said["sound"]
    assert [finding["entry"] for finding in said["findings"]] == [3, 7]


def test_a_state_that_was_edited_alone(book: tuple[Path, str]) -> None:
    path = changed(
        book[0],
        "UPDATE handover_line SET quantity = 1 WHERE quantity = 2",
        "UPDATE order_line SET handed_over = 1 WHERE handed_over = 2",
    )
    code, text = verify(path)
    assert code == 1
    assert "✗ journal and state disagree (handed_over): o1 o1-1" in text


def test_another_head_than_the_one_that_was_told(book: tuple[Path, str]) -> None:
    path, head = book
    entry = head.split(":")[0]
    code, text = verify(path, "--against", f"{entry}:{'0' * 64}")
    assert code == 1 and f"✗ entry {entry} is not where the journal stood that was told" in text


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    path.write_bytes(b"not a database" * 100)
    code, text = verify(path)
    assert code == 1 and "✗ the file is damaged" in text


@pytest.mark.parametrize("head", ["", "7", "7:abc", "x:" + "0" * 64, "7:" + "g" * 64])
def test_what_is_no_head(book: tuple[Path, str], head: str) -> None:
    assert verify(book[0], "--against", head)[0] == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.db")[0] == 3
    assert not (tmp_path / "none.db").exists()
