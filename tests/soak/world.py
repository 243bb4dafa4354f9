"""The twin world: a real box and a real demo cloud, with a line between them that does what it is told.

The box is the writer, stepped by hand, its readers and the relay; the cloud is `DemoCloud`, turned by hand. Each keeps
a SQLite file of its own. Nothing runs by itself: time passes, messages arrive and somebody dies only when a rule says
so, and one integer plays the same evening again.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.little_shop import EVENING, GOODS, HOUSE, LittleShop
from tests.soak.box import Air, Box
from tihuo.cli.replaced import Replaced, read_replaced, restored
from tihuo.demo.cloud import BrokerAddress, DemoCloud
from tihuo.ledger.database import copy
from tihuo.ledger.journal import cursor
from tihuo.ledger.writer import Writer
from tihuo.shop.fence import standing
from tihuo.shop.words import Millis, Refusal
from tihuo.stages import handing_over, preparing, selling, undoing

STORE = "S01"
OFFERED = {"RICE": ("on_hand", 12), "EGGS": ("on_hand", 6), "MILK": ("presale", 16), "BUNS": ("presale", 8)}
WEIGHED = {"BUNS": 500}
"""Grams of one of what is sold by weight."""
HOURS = 3_600_000
NOWHERE = BrokerAddress("127.0.0.1", 1)
"""The cloud's own line is never opened: its payloads go through `Air`."""


class Wish:
    """Something that staff asked for by a tap, which they repeat until it is answered."""

    def __init__(self, name: str, stage: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.name, self.stage, self.args = name, stage, args


class World:
    """Both sides, both clocks, and what people in the shop remember."""

    def __init__(self, folder: Path, template: Path, seed: int = 0) -> None:
        self._folder = folder
        for name in ("box.db", "cloud.db"):
            shutil.copyfile(template / name, folder / name)
        self.dice = random.Random(seed)
        self.now = 0.0
        self.box_jump = self.cloud_jump = 0
        self.air = Air()
        self.box = self._box()
        self.cloud = self._cloud()
        self.last_heard: tuple[str, bytes] | None = None
        self.pending: list[Wish] = []
        self.copies: list[Path] = []
        self.epoch = 1
        self.forgetful = False
        """The box was restored, and does not know yet what it forgot."""
        self.taps = self.crashes = self.cloud_crashes = self.cuts = self.restores = 0
        self.walked_out = self.given = 0
        """Units that people saw go over the counter: sold to a walk-in, handed over (less what came back)."""
        self.requests = 0
        self.turned_away: list[Any] = []
        """Who wanted a unit and did not get it: see `tests.soak.stranded`."""
        self.stranded: list[float] = []
        self.self_willed: set[str] = set()
        """Sessions in which the cloud gave rights away or ended its grants without being asked."""
        self.forgotten: list[object] = []
        """What the cloud was told to forget that the box had not kept yet."""
        self.join()

    def _box(self) -> Box:
        return Box(self._folder / "box.db", self.air, self.box_clock, self.stopwatch, self.dice)

    def _cloud(self) -> DemoCloud:
        return DemoCloud(NOWHERE, STORE, folder=self._folder, now=self.cloud_clock, dice=self.dice)

    # time

    def stopwatch(self) -> float:
        return self.now

    def box_clock(self) -> Millis:
        return Millis(max(0, EVENING + round(self.now * 1000) + self.box_jump))

    def cloud_clock(self) -> int:
        return EVENING + round(self.now * 1000) + self.cloud_jump

    # the line

    def join(self) -> None:
        """Both sides learn that they are connected."""
        if self.air.box_hears:
            self.box.line.on_connected()
        if self.air.cloud_hears:
            self.cloud.joined()

    def flow(self, ups: int = 1000, downs: int = 1000, seconds: float = 0.25, commit: bool = True) -> None:
        """A little time passes, and some of what is under way arrives; the disk may be slow and commit nothing yet."""
        self.now += seconds
        air, box = self.air, self.box
        if air.box_hears:
            box.speak()
        if air.cloud_hears:
            air.down += self.cloud.due(self.now)
        while air.cloud_hears and air.up and ups > 0:
            ups -= 1
            self.last_heard = air.up.pop(0)
            acked = self.cloud._stream.acked
            self.cloud.heard(*self.last_heard)
            if self.cloud._stream.acked != acked:
                self._compare()
        while air.box_hears and air.down and downs > 0:
            downs -= 1
            box.line.hear(air.down.pop(0))
        if commit:
            box.turn()
            self._bury()

    def _compare(self) -> None:
        """The cloud may now forget what it said: is it really on the box's disk?"""
        with self.box.readers.look() as look:
            kept = cursor(look, "down")
            if standing(look):  # it has forgotten, and asks
                return
        said = (self.cloud._stream.epoch, self.cloud._stream.acked)
        if said[0] == kept[0] and said > kept:
            self.forgotten.append((said, kept))

    def cut(self, side: str, lost: bool) -> None:
        """A side drops off. What was on its way to it is lost, or waits at the broker."""
        self.cuts += 1
        if side == "box":
            self.air.box_hears = False
            self._back_to_the_broker(lost)
        else:
            self.air.cloud_hears = False
            if lost:
                self.air.up.clear()

    def heal(self) -> None:
        self.air.box_hears = self.air.cloud_hears = True
        self.join()

    def _back_to_the_broker(self, lost: bool) -> None:
        if lost:
            self.air.down.clear()
        else:
            self.air.down[:0] = [said.payload for said in self.box.line.unacked]
        self.box.line.unacked.clear()

    # death

    def _bury(self) -> None:
        if self.box.line.dead:
            self.restart_box()

    def restart_box(self, lost: bool = False) -> None:
        """The box's process is gone and comes back: what it did not say to the broker arrives again, or never."""
        self.crashes += 1
        self.box.drop()
        self._back_to_the_broker(lost)
        self.box = self._box()
        if self.air.box_hears:
            self.box.line.on_connected()

    def keep_copy(self) -> None:
        """A backup is taken."""
        path = self._folder / f"copy{len(self.copies)}.db"
        copy(self.box.writer._connection, path)
        self.copies.append(path)

    def restore(self, backup: Path, readable: bool) -> None:
        """The box's disk is replaced, and the backup put back as `tihuo restore` does. The former file tells what it
        can, if it is `readable`."""
        self.restores += 1
        self.forgetful = True
        self.pending.clear()  # who tapped has seen the restore
        self.box.drop()
        self._back_to_the_broker(lost=False)
        path, part = self._folder / "box.db", self._folder / "part.db"
        shutil.copyfile(backup, part)
        found = read_replaced(path, part) if readable else Replaced()
        writer = Writer(part, HOUSE, self.box_clock)
        epoch = max(self.epoch, found.epoch) + 1
        self.epoch = epoch
        restoring = writer.write(restored, epoch, found, True, actor="restore")
        writer.close()
        restoring.result(0)
        part.replace(path)
        self.box = self._box()
        if self.air.box_hears:
            self.box.line.on_connected()

    def restart_cloud(self, again: bool) -> None:
        """The cloud's process is gone and comes back; `again`: the broker repeats what it heard last."""
        self.cloud_crashes += 1
        self.cloud._book.close()
        if again and self.last_heard is not None:
            self.air.up.insert(0, self.last_heard)
        self.cloud = self._cloud()
        if self.air.cloud_hears:
            self.cloud.joined()

    # people in the shop

    def tap(self, stage: Callable[..., Any], *args: Any) -> Any:
        """Staff ask for something. Gives the answer, a `Refusal`, or None if the box died over it."""
        self.taps += 1
        return self.ask(Wish(f"tap-{self.taps}", stage, args))

    def ask(self, wish: Wish) -> Any:
        future = self.box.writer.write(wish.stage, *wish.args, once=wish.name, actor="小李")
        self.box.turn()
        if self.box.line.dead:
            self.pending.append(wish)
            self._bury()
            return None
        try:
            answer = future.result(0)
        except Refusal as refusal:
            return refusal
        if wish.stage is selling.sell_walk_in:
            self.walked_out += wish.args[2]
        elif wish.stage is undoing.undo_hand_over:
            self.given -= answer
        elif isinstance(answer, handing_over.Given):
            self.given += answer.units
        return answer

    def tap_again(self) -> None:
        """Whoever got no answer taps once more, for the same thing."""
        waiting, self.pending = self.pending, []
        for wish in waiting:
            self.ask(wish)

    # looking

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.box.readers.look() as look:
            return look.rows(statement, parameters)

    def cloud_rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.cloud._book.sql.execute(statement, parameters)]

    def close(self) -> None:
        self.box.drop()
        self.cloud._book.close()


def plan(session_id: str, at: int, share: int = 1) -> preparing.NewSession:
    """A session over all goods; `share` 2 offers half of them."""
    return preparing.NewSession(
        session_id=session_id,
        title="今晚的直播",
        starts_at=at,
        ends_at=at + 2 * HOURS,
        window=(at + 20 * HOURS, at + 24 * HOURS),
        items=tuple(
            preparing.NewItem(
                sku=sku.code,
                kind=OFFERED[sku.code][0],
                quantity=OFFERED[sku.code][1] // share,
                price_fen=sku.price_fen,
                limit_per_customer=4 if sku.code == "MILK" else None,
                cap_set_by="店主",
            )
            for sku in GOODS
        ),
    )


def make_template(folder: Path) -> Path:
    """The two files that a world begins with: a shop with goods and one open session, a cloud that knows nothing."""
    shop = LittleShop(folder / "box.db", running=False)
    for sku in GOODS:
        grams = WEIGHED.get(sku.code)
        shop.do(preparing.keep_sku, msgspec.structs.replace(sku, nominal_grams=grams))
    for code, (kind, quantity) in OFFERED.items():
        if kind == "on_hand":
            shop.do(preparing.receive, code, quantity)
    shop.do(preparing.plan_session, plan("s1", EVENING))
    shop.do(preparing.open_session, "s1")
    shop.close()
    cloud = DemoCloud(NOWHERE, STORE, folder=folder, now=lambda: EVENING)
    cloud._book.close()
    return folder
