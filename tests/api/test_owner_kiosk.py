"""The owner and her kiosks: a line under "thank you", and screens that fell silent."""

from __future__ import annotations

from pathlib import Path

from tests.api.desk import OWNER, STAFF, Desk, code_of, desk
from tihuo.api.screens import HIDDEN_MS, SILENT_MS, Screens
from tihuo.boards.kiosk import screens_seen, shop_lines
from tihuo.settings import Http, Settings
from tihuo.stages import welcoming
from tihuo.wiring.box import Box

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


def test_she_writes_a_line_in_each_language(desk: Desk) -> None:
    owner = desk.client(OWNER)
    data = {"zh": "  周二有\n鲜奶  ", "en": "Fresh milk on Tuesdays", "once": "wish-of-hers-1"}
    answer = owner.post("/owner/kiosk/line", data=data, headers=TAP)
    assert answer.status_code == 200 and "已保存" in answer.text
    assert desk.shop.read(shop_lines) == {"zh": "周二有 鲜奶", "en": "Fresh milk on Tuesdays"}
    assert "周二有 鲜奶" in owner.get("/owner/settings").text
    too_long = owner.post("/owner/kiosk/line", data={"zh": "长" * 61, "once": "wish-of-hers-2"}, headers=TAP)
    assert (too_long.status_code, code_of(too_long.text)) == (409, "bad_line")
    assert desk.shop.read(shop_lines)["zh"] == "周二有 鲜奶"
    assert desk.client(STAFF).post("/owner/kiosk/line", data=data, headers=TAP).status_code == 403


def test_a_screen_is_missed_when_it_falls_silent() -> None:
    screens = Screens(["k1"], ticks=1_000)
    assert screens.silent("k2", 10**9) is None, "nobody misses what never was"
    assert screens.silent("k1", 1_000 + HIDDEN_MS) is False, "the box has just started"
    assert screens.silent("k1", 1_001 + HIDDEN_MS) is True
    assert screens.beat("k1", 500_000) is False and screens.beat("k2", 500_000) is True
    assert [screens.silent(kiosk, 500_000 + SILENT_MS) for kiosk in ("k1", "k2")] == [False, False]
    assert screens.silent("k1", 500_001 + SILENT_MS) is True
    screens.beat("k1", 600_000, hidden=True)
    assert screens.silent("k1", 600_001 + SILENT_MS) is False, "a page that nobody sees speaks seldom"
    screens.forget("k2")
    assert screens.silent("k2", 10**9) is None


def test_she_reads_of_it_where_her_devices_are_and_can_say_that_it_is_gone(desk: Desk) -> None:
    desk.door.screens.beat("k1", desk.door.ticks())
    owner = desk.client(OWNER)
    assert "已撤走" not in owner.get("/owner/settings").text
    desk.shop.clock.tick(SILENT_MS + 1)
    assert "已撤走" in owner.get("/owner/settings").text
    gone = owner.post("/owner/kiosk/forget", data={"kiosk": "k1", "once": "wish-of-hers-3"}, headers=TAP)
    assert gone.status_code == 200 and "已撤走" not in gone.text


def test_the_box_remembers_its_screens_over_a_restart(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, http=Http(host="127.0.0.1", port=0))

    def trouble(box: Box) -> str | None:
        return {part.name: part.trouble for part in box.parts()}.get("screen_k1")

    box = Box(settings)
    box.start()
    try:
        assert trouble(box) is None
        box.writer.write(welcoming.note_screen, "k1").result(10)
        assert box.readers.read(screens_seen) == ["k1"]
    finally:
        box.stop()
    again = Box(settings)
    try:
        assert trouble(again) == "", "it has time to show itself"
        again.door.screens.beat("k1", again.clock.ticks() - SILENT_MS - 1)
        assert trouble(again) == "screen_silent"
    finally:
        again.stop()
