"""One evening, end to end, as `make demo ONCE=1` plays it."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tihuo.cli.demoing import play
from tihuo.demo.broker import NoBroker, find_broker

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_every_order_of_an_evening_ends_where_it_should(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        find_broker(kind)
    except NoBroker as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("TIHUO_BROKER", kind)

    assert play(tmp_path, port=0, once=True, fast=True) == 0

    told = capsys.readouterr().out
    for stage in ("直播", "截单", "分拣", "自提", "复盘", "the ledger balances", "already_collected", "other_shop"):
        assert stage in told
    labels = sorted((tmp_path / "once" / "shop" / "papers" / "label").glob("*.png"))
    assert len(labels) > 40
    for label in labels:
        assert any(code.text.startswith("TH1:LLX01:") for code in zxingcpp.read_barcodes(Image.open(label)))
    asked = told.count("a receipt, please")
    assert len(list((tmp_path / "once" / "shop" / "papers" / "receipt").glob("*.png"))) == asked > 10
