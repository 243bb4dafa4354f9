"""The `tihuo` command as an owner types it over SSH."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.little_shop import LittleShop
from tihuo.boards import balance
from tihuo.devices.simulated import SimulatedPrinter
from tihuo.ledger.database import Readers

pytestmark = pytest.mark.slow
Tihuo = Callable[..., "subprocess.CompletedProcess[str]"]
REPO = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIHUO_")},
        "PYTHONPATH": str(REPO / "daemon"),
        "TIHUO_DATA_DIR": str(tmp_path / "data"),
        "TIHUO_HTTP__HOST": "127.0.0.1",
        "TIHUO_HTTP__PORT": "0",
    }


@pytest.fixture
def tihuo(environment: dict[str, str]) -> Tihuo:
    def run(*words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tihuo", *map(str, words)],
            capture_output=True, text=True, input=typed, env=environment, timeout=60, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def full(tihuo: Tihuo, make_shop: Callable[..., LittleShop], tmp_path: Path) -> LittleShop:
    """A shop with an evening behind it, at the place where the command looks."""
    (tmp_path / "data").mkdir()
    shop = make_shop()
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sort()
    shop.close()
    shop.path.rename(tmp_path / "data" / "tihuo.db")
    return shop


def test_every_command_has_help(tihuo: Tihuo) -> None:
    listed = tihuo("--help").stdout
    for command in ("run", "demo", "doctor", "backup", "restore", "verify", "import", "print-test", "user"):
        assert f" {command} " in listed
        answer = tihuo(command, "--help")
        assert answer.returncode == 0
        assert len(answer.stdout) > 200


def test_settings_that_are_wrong_are_named_and_nothing_starts(tihuo: Tihuo, tmp_path: Path) -> None:
    wrong = tmp_path / "tihuo.toml"
    wrong.write_text('stor_id = "S1"\n[cloud]\nport = 99999\n')
    answer = tihuo("run", "--settings", wrong)
    assert answer.returncode == 2
    assert "stor_id" in answer.stderr
    assert "cloud.port" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_people_are_added_listed_and_removed(tihuo: Tihuo) -> None:
    assert "Nobody yet" in tihuo("user").stdout
    assert tihuo("user", "老板", "--role", "owner", "--pin-stdin", typed="2468\n").returncode == 0
    assert tihuo("user", "小林", "--pin-stdin", typed="1357\n").returncode == 0
    assert json.loads(tihuo("user", "--json").stdout) == [
        {"name": "老板", "role": "owner"},
        {"name": "小林", "role": "staff"},
    ]
    short = tihuo("user", "小林", "--pin-stdin", typed="1\n")
    assert (short.returncode, "4 to 64" in short.stderr) == (2, True)
    last = tihuo("user", "老板", "--remove")
    assert (last.returncode, "last_owner" in last.stderr) == (1, True)
    assert tihuo("user", "小林", "--remove").returncode == 0


def test_a_backup_can_be_put_back_and_starts_a_new_epoch(tihuo: Tihuo, full: LittleShop, tmp_path: Path) -> None:
    made = tihuo("backup", tmp_path / "copy.db", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["bytes"] > 10_000
    again = tihuo("backup", tmp_path / "copy.db")
    assert (again.returncode, "exists already" in again.stderr) == (2, True)

    database = tmp_path / "data" / "tihuo.db"
    database.write_bytes(b"not a database any more")
    restored = tihuo("restore", tmp_path / "copy.db", "--json")
    assert restored.returncode == 0, restored.stderr
    told = json.loads(restored.stdout)
    assert told["epoch"] > 1_700_000_000
    assert Path(told["kept"]).read_bytes() == b"not a database any more"
    readers = Readers(database)
    assert readers.read(balance.imbalances) == {}
    with readers.look() as look:
        assert look.one("SELECT count(*) FROM shop_order") == (1,)
        assert look.one("SELECT value FROM keep WHERE name = 'epoch'") == (str(told["epoch"]),)
    readers.close()


def test_a_damaged_backup_is_not_put_back(tihuo: Tihuo, full: LittleShop, tmp_path: Path) -> None:
    before = (tmp_path / "data" / "tihuo.db").read_bytes()
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
    answer = tihuo("restore", tmp_path / "bad.db")
    assert answer.returncode == 3
    assert "not restored" in answer.stderr
    assert (tmp_path / "data" / "tihuo.db").read_bytes() == before


def test_the_doctor_says_what_is_wrong_and_what_to_do(tihuo: Tihuo, full: LittleShop, tmp_path: Path) -> None:
    findings = {f["part"]: f for f in json.loads(tihuo("doctor", "--json").stdout)}
    assert findings["database"]["state"] == "sound"
    assert findings["ledger"]["advice"] == ""
    assert "--role owner" in findings["people"]["advice"]
    tihuo("user", "老板", "--role", "owner", "--pin-stdin", typed="2468\n")
    assert tihuo("doctor").returncode == 0

    by_hand = sqlite3.connect(tmp_path / "data" / "tihuo.db")
    by_hand.execute("ALTER TABLE sku RENAME COLUMN unit TO measure")
    by_hand.close()
    changed = tihuo("doctor")
    assert changed.returncode == 1
    assert "tables: not as declared: sku.columns" in changed.stdout

    (tmp_path / "data" / "tihuo.db").write_bytes(b"rubbish" * 1000)
    broken = tihuo("doctor")
    assert broken.returncode == 1
    assert "restore the newest backup" in broken.stdout


def test_the_doctor_misses_a_printer_and_a_broker_that_are_not_there(tihuo: Tihuo, environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment |= {
        "TIHUO_PRINTERS__LABEL__KIND": "network",
        "TIHUO_PRINTERS__LABEL__ADDRESS": f"127.0.0.1:{port}",
        "TIHUO_CLOUD__HOST": "127.0.0.1",
        "TIHUO_CLOUD__PORT": str(port),
    }
    findings = {f["part"]: f for f in json.loads(tihuo("doctor", "--json").stdout)}
    assert findings["label printer"]["state"] == "printer_unreachable"
    assert findings["label printer"]["advice"]
    assert "orders wait" in findings["cloud"]["advice"]


def test_a_test_page_comes_out_or_the_reason_is_said(tihuo: Tihuo, environment: dict[str, str]) -> None:
    nothing = tihuo("print-test", "label")
    assert (nothing.returncode, "No label printer is set" in nothing.stderr) == (3, True)
    printer = SimulatedPrinter(width_dots=384)
    try:
        environment |= {
            "TIHUO_PRINTERS__RECEIPT__KIND": "network",
            "TIHUO_PRINTERS__RECEIPT__ADDRESS": f"127.0.0.1:{printer.port}",
            "TIHUO_PRINTERS__RECEIPT__WIDTH_DOTS": "384",
        }
        assert tihuo("print-test", "receipt").returncode == 0
        (paper,) = printer.wait_for_papers(1)
        assert paper.image().width == 384
        printer.paper_out()
        out = tihuo("print-test", "receipt")
        assert (out.returncode, "printer_paper_out" in out.stderr) == (3, True)
    finally:
        printer.close()


def test_an_export_is_previewed_and_booked_once(tihuo: Tihuo, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "跟团号,下单人,商品,规格,数量,商品金额,订单金额,收货人,联系电话,详细地址\n"
        "1,阿树,荔枝,每箱四斤,2,60.00,60.00,林小树,19900001001,示范路1弄3号601室\n"
        "2,阿河,荔枝,每箱四斤,1,30.00,42.90,赵大河,19900001002,示范路1弄5号101室\n"
        "2,,青菜,,1,12.90,,,,\n",
        "utf-8",
    )
    seen = tihuo("import", orders, "--session", "fruit", "--preview")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert "2 orders, 3 lines, 4 units, ¥102.90" in seen.stdout
    assert "Nothing was booked" in tihuo("import", orders, "--session", "fruit").stdout
    booked = json.loads(tihuo("import", orders, "--session", "fruit", "--yes", "--json").stdout)
    assert (booked["imported"], booked["repeated"]) == (2, 0)
    again = json.loads(tihuo("import", orders, "--session", "fruit", "--yes", "--json").stdout)
    assert (again["imported"], again["repeated"]) == (0, 2)


def test_a_spreadsheet_without_its_columns_is_refused_with_a_way_on(tihuo: Tihuo, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("跟团号,下单人,商品,规格\n1,阿树,荔枝,大\n", "utf-8")
    answer = tihuo("import", orders, "--session", "fruit", "--yes")
    assert answer.returncode == 1
    assert "columns are missing: 订单金额, 联系电话" in answer.stdout
    assert "Export again" in answer.stdout
    assert not (tmp_path / "data" / "tihuo.db").exists()


@pytest.fixture
def daemon(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`tihuo run`, ready as systemd would hear it; and its address."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(30)
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tihuo", "run"],
            env={**environment, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            stderr=log,
        )
    told = heard.recv(4096).decode()
    assert told.startswith("READY=1")
    yield child, told.partition("serving ")[2].strip()
    if child.poll() is None:
        child.kill()
    child.wait()
    heard.close()


def test_the_daemon_is_ready_when_it_says_so_and_stops_when_asked(
    daemon: tuple[subprocess.Popen[bytes], str], tihuo: Tihuo
) -> None:
    child, address = daemon
    with urllib.request.urlopen(f"http://{address}/healthz") as answer:
        assert json.load(answer)["ok"]
    assert tihuo("user", "老板", "--role", "owner", "--pin-stdin", typed="2468\n").returncode == 0
    second = tihuo("run")
    assert (second.returncode, "already_running" in second.stderr) == (3, True)
    refused = tihuo("restore", __file__)
    assert refused.returncode in (2, 3)
    child.send_signal(signal.SIGTERM)
    assert child.wait(15) == 0


def test_a_stack_of_every_thread_is_printed_on_request(
    daemon: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    child, _ = daemon
    child.send_signal(signal.SIGUSR1)
    log = tmp_path / "log"
    until = time.monotonic() + 10
    while "writer.py" not in log.read_text():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert child.poll() is None
