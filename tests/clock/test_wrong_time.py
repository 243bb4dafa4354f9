"""What the shop does with a wrong time: nothing is ordered, ended, opened or locked by it, and it is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Make
from tests.little_shop import EVENING, HOUR, LittleShop, copy_of
from tihuo.api.auth import SESSION_SECONDS, Patience, People, pairing_cookie, session_cookie, visitor_of
from tihuo.api.door import Door
from tihuo.api.kiosk_tries import Tries
from tihuo.api.languages import translations
from tihuo.api.moments import Moments
from tihuo.boards import balance, kiosk, stock, tonight
from tihuo.boards.paper import PaperRow, paper_in_state
from tihuo.boards.people import user
from tihuo.boards.pickup import open_calls
from tihuo.cloud.messages import encode
from tihuo.cloud.outbound import envelope_of
from tihuo.drawing.shelf import ShelfMap
from tihuo.ledger.journal import entries_after, newest_times, outgoing_after
from tihuo.reactions.artist import UNSURE, Artist, Draughts
from tihuo.settings import ClockChoice, Settings
from tihuo.shop.calls import CALL_MS
from tihuo.shop.staff import keep_user
from tihuo.shop.words import Millis
from tihuo.stages import handing_over, preparing
from tihuo.stages.handing_over import CONFIRM_MS, DONE_MS, WELCOME_MS
from tihuo.timetable import Timetable
from tihuo.wiring.alone import alone

YEAR = 365 * 24 * HOUR
JUMPS = pytest.mark.parametrize("jump", [YEAR, -YEAR, -EVENING + 30_000])


@pytest.fixture
def full(shop: LittleShop) -> LittleShop:
    """Two parcels of one customer on the shelf."""
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sort()
    return shop


def jump(shop: LittleShop, ms: int) -> None:
    shop.clock.off += ms
    shop.clock.sure = False


@JUMPS
def test_a_visit_lasts_as_long_as_ever_when_the_clock_jumps(full: LittleShop, jump: int) -> None:
    timetable = Timetable(full.writer, full.readers, full.clock.reading)
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    full.clock.off = jump
    full.clock.tick(WELCOME_MS - 1)
    timetable.step()
    assert full.read(kiosk.kiosk_picture, "k1").state == "welcome"
    full.clock.tick(1)
    timetable.step()
    assert full.read(kiosk.kiosk_picture, "k1").state == "confirm"
    full.clock.off = 0
    full.clock.tick(CONFIRM_MS)
    timetable.step()
    assert full.read(kiosk.kiosk_picture, "k1").state == "idle"
    assert full.value("SELECT closed_at IS NOT NULL FROM visit WHERE id = ?", visit)


@JUMPS
def test_what_was_handed_over_in_a_visit_stays_on_its_page(full: LittleShop, jump: int) -> None:
    full.do(handing_over.hand_over_parcel, 2)  # before she came: not part of it
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    full.clock.off = jump
    full.do(handing_over.hand_over, visit)
    picture = full.read(kiosk.kiosk_picture, "k1")
    assert (picture.state, [parcel.taken for parcel in picture.parcels]) == ("done", [True])
    assert picture.ends_at - full.clock.ticks() == DONE_MS
    later = full.do(handing_over.check_in, "k1", full.code("o1"))
    assert full.read(kiosk.kiosk_picture, "k1").visit_id == later
    assert full.read(kiosk.kiosk_picture, "k1").parcels == ()
    assert full.read(balance.imbalances) == {}


def test_whoever_stood_at_a_kiosk_when_the_box_started_anew_gets_her_time_once_more(full: LittleShop) -> None:
    full.do(handing_over.check_in, "k1", full.code("o1"))
    full.clock.now = 4_000  # the machine was switched off and on: its count begins anew
    full.do(handing_over.go_on)
    assert full.read(kiosk.kiosk_picture, "k1").ends_at == 4_000 + WELCOME_MS


@JUMPS
def test_entries_follow_each_other_by_number_and_say_whether_their_time_is_sure(shop: LittleShop, jump: int) -> None:
    shop.sell("o1", "lin", RICE=1)
    sure = len(shop.read(entries_after, 0, 1000))
    shop.clock.off, shop.clock.sure = jump, False
    shop.sell("o2", "zhao", RICE=1)
    entries = shop.read(entries_after, 0, 1000)
    assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.sure for entry in entries] == [True] * sure + [False] * (len(entries) - sure)
    assert entries[-1].at == EVENING + jump
    assert shop.read(newest_times) == (EVENING, EVENING + jump)
    (good, unsure) = [
        envelope_of(entry, look, shop.house, 1)
        for entry in shop.read(outgoing_after, 1, 0)
        for look in [shop.do(lambda work: work)]
        if type(entry.event).__name__ == "OrderAccepted"
    ]
    assert (good.clock, unsure.clock) == ("good", "unsure")
    assert b'"clock"' not in encode([good])[0]
    assert b'"clock":"unsure"' in encode([unsure])[0]


def test_a_shop_without_entries_knows_no_time(make_shop: Make) -> None:
    assert make_shop(seeded=False).read(newest_times) == (0, 0)


@JUMPS
def test_the_newest_session_is_the_one_that_was_opened_last(shop: LittleShop, jump: int) -> None:
    item = preparing.NewItem(sku="MILK", kind="presale", quantity=5, price_fen=1250)
    shop.clock.off = jump
    now = max(shop.clock(), 0)
    shop.plan("s0", item, starts_at=now, ends_at=now + HOUR, window=(now + HOUR, now + 2 * HOUR))
    assert shop.read(tonight.tonight).session_id == "s1"
    shop.do(preparing.open_session, "s0")
    assert shop.read(tonight.tonight).session_id == "s0"
    assert [row.session_id for row in shop.read(stock.sessions)] == ["s0", "s1"]


def door_of(shop: LittleShop) -> Door:
    return Door(
        writer=shop.writer,
        readers=shop.readers,
        house=shop.house,
        shop_name="小铺",
        shelf=ShelfMap(()),
        clock=shop.clock,
        parts=list,
        session_key=b"key",
    )


@JUMPS
def test_nobody_is_locked_out_while_the_clock_is_wrong(shop: LittleShop, jump: int) -> None:
    shop.do(keep_user, "小安", "staff", "hash")
    door, person = door_of(shop), shop.read(user, "小安")

    def still_in(cookie: str) -> bool:
        return visitor_of(People(door), "192.0.2.7", {}, {"tihuo_session": cookie}).person is not None

    before = session_cookie(door, person)
    shop.clock.off, shop.clock.sure = jump, False
    assert still_in(before)
    during = session_cookie(door, person)
    shop.clock.off, shop.clock.sure = 0, True
    assert still_in(before) and still_in(during)
    shop.clock.tick(SESSION_SECONDS * 1000)
    assert still_in(before)
    shop.clock.tick(1)
    assert not still_in(before)
    shop.clock.now = EVENING - 2 * HOUR
    assert not still_in(before), "signed in the future"


def test_a_paired_kiosk_stays_paired_while_the_clock_is_wrong(shop: LittleShop) -> None:
    shop.do(keep_user, "周宁", "owner", "hash")
    door = door_of(shop)
    cookie = pairing_cookie(door, shop.read(user, "周宁"), "k1")
    jump(shop, 20 * YEAR)
    assert visitor_of(People(door), "192.0.2.7", {}, {"tihuo_kiosk": cookie}).kiosk == "k1"


@JUMPS
def test_waits_for_pins_and_codes_do_not_change_when_the_clock_jumps(shop: LittleShop, jump: int) -> None:
    door, patience, tries = door_of(shop), Patience(), Tries(most=1, every_ms=30_000)
    for _ in range(patience.FREE):
        assert patience.ask(door.ticks(), "name") == 0
    assert tries.take("k1", door.ticks()) == 0
    waits = patience.ask(door.ticks(), "name"), tries.take("k1", door.ticks())
    shop.clock.off = jump
    assert (patience.ask(door.ticks(), "name"), tries.take("k1", door.ticks())) == waits
    assert min(waits) > 0


@JUMPS
def test_a_call_from_a_wrong_time_does_not_ring_for_a_year(shop: LittleShop, jump: int) -> None:
    shop.clock.off = jump
    shop.do(handing_over.call_staff, "k1")
    shop.clock.off = 0
    assert [call.kiosk for call in shop.read(open_calls, shop.clock.ticks())] == ["k1"]
    shop.clock.tick(CALL_MS)
    assert shop.read(open_calls, shop.clock.ticks()) == []


def test_paper_that_is_printed_meanwhile_says_so(full: LittleShop, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr("tihuo.drawing.receipt.draw_receipt", lambda content, _: drawn.append(content.when) or _Drawn())
    artist = Artist(Draughts(shop_name="小铺", timezone="Asia/Shanghai", shelf=ShelfMap(())))
    full.do(handing_over.hand_over_parcel, 1)
    jump(full, YEAR)
    full.do(handing_over.hand_over_parcel, 2)
    receipts: list[PaperRow] = [row for row in full.read(paper_in_state, "queued") if row.kind == "receipt"]
    for row in reversed(receipts):
        artist.draw(row)
    assert drawn == ["2027-01-15 16:00", f"2028-01-15 16:00{UNSURE}"]


class _Drawn:
    image = None


def test_pages_call_no_day_today_while_nobody_knows_which_it_is() -> None:
    unsure = Moments("Asia/Shanghai", lambda: Millis(EVENING), translations("zh").gettext, lambda: False)
    assert unsure.moment(EVENING) == "1月15日 16:00"
    assert unsure.window((EVENING, EVENING + HOUR)) == "1月15日 16:00–17:00"


def test_pages_show_no_time_from_1970() -> None:
    moments = Moments("Asia/Shanghai", lambda: Millis(EVENING), translations("zh").gettext)
    assert (moments.clock(30_000), moments.moment(30_000)) == ("–", "–")


def test_a_command_beside_the_daemon_goes_on_after_the_last_record_too(tmp_path: Path, seeded_file: Path) -> None:
    settings = Settings(data_dir=tmp_path, clock=ClockChoice(synchronized=tmp_path / "never", rtc=tmp_path / "none"))
    copy_of(seeded_file, settings.database)
    with alone(settings) as writer:  # the evening of the little shop lies ahead of this machine's time
        assert writer.write(lambda work: work.now >= EVENING and not work.sure).result(10)
