"""The relay between the link and the ledger: message -> stage, journal -> message, and who has heard what.

Inwards it is called on the link's thread, hands each PUBLISH to the writer and acknowledges it to the broker once it is
committed. Outwards it is a follower: it says what the journal holds and the cloud has not acknowledged, tells the
newest picture of the stock, and says again what nobody confirmed. All that must last is in the ledger; what is kept
here may be forgotten at any moment.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable
from functools import partial

import msgspec

from tihuo.boards.stock import changed_items
from tihuo.cloud import stream
from tihuo.cloud.inbound import Heard, apply, park_payload
from tihuo.cloud.link import Delivery, Link
from tihuo.cloud.messages import MAX_BATCH, MAX_PUBLISH, NotUnderstood, Said, decode, encode, wrap, write
from tihuo.cloud.outbound import envelope_of, state_of
from tihuo.cloud.parked import rejections
from tihuo.cloud.recovery import Recovery
from tihuo.cloud.up import Presence
from tihuo.ledger.database import DatabaseTrouble, Readers
from tihuo.ledger.journal import Follower, cursor, epoch_of, last_entry, outgoing_after, outgoing_head
from tihuo.ledger.seals import head
from tihuo.ledger.writer import Writer
from tihuo.shop.words import Millis
from tihuo.shop.work import House

log = logging.getLogger(__name__)

ACK_PAUSE = 0.15
STATE_PAUSE = 0.15
PRESENCE_PAUSE = 30.0
PATIENCE = (5.0, 60.0)
"""Seconds until unconfirmed messages are said again, and the longest pause that grows to."""
SILENT_AFTER = 30.0
"""Seconds on a good line without an answer: nobody is there, or a broker takes our words and drops them."""
READ_AT_ONCE = 500
ITEMS_AT_ONCE = 300


_NAMES: dict[type[msgspec.Struct], str] = {stream.Recover: "recover"}
"""What a message outside the sequence is called, where the answer to it must be known."""


class Relay:
    """One store's conversation with its cloud. `follower` is its outgoing half, to be started and stopped."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        link: Link,
        house: House,
        clock: Callable[[], Millis],
        *,
        stopwatch: Callable[[], float] = time.monotonic,
        dice: random.Random | None = None,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._link = link
        self._house = house
        self._clock = clock
        self._stopwatch = stopwatch
        self._dice = dice or random.Random()  # noqa: S311
        self._control: deque[msgspec.Struct] = deque(maxlen=200)
        self._said = 0
        self._received: tuple[int, int] | None = None
        self._ack_at = 0.0
        self._state_version = 0
        self._state_at = 0.0
        self._still_at: tuple[int, int] | None = None
        """(newest fact, version told) at which there was no news of the stock; without another fact there is none."""
        self._presence_at = 0.0
        self._patience = PATIENCE[0]
        self._silent_since: float | None = None
        self._greeted: float | None = None
        self._unconfirmed: tuple[int, float] | None = None
        self._fresh = True
        self._repeat_rejections = False
        self._unheard = False
        self.closed: Callable[[], bool] = lambda: False
        """Whether nothing new may be taken in: what arrives then stays with the broker and the cloud."""
        self._recovery = Recovery(writer, readers)
        with readers.look() as look:
            self._epoch = epoch_of(look)
        self.started_at = clock()
        self.follower = Follower("cloud", self.step, period=0.1)
        link.on_down = self.hear
        link.on_connected = self._greet
        link.on_room = self.follower.wake
        writer.listen(lambda _: self.follower.wake())

    def hear(self, payload: bytes, delivery: Delivery) -> None:
        """A PUBLISH arrived, on the link's thread. It is acknowledged to the broker after its commit, or never."""
        if self.closed():
            self._unheard = True
            return
        try:
            envelopes = decode(payload)
        except NotUnderstood as fault:
            rejected = stream.Rejected(fault.id, fault.reason, fault.detail)
            parked = partial(self._parked, delivery, rejected)
            self._writer.tell(park_payload, payload, fault.reason, fault.detail, done=parked, actor="cloud")
            return
        self._writer.tell(apply, envelopes, done=partial(self._answer, delivery), actor="cloud")

    def _parked(self, delivery: Delivery, rejected: stream.Rejected, _: None, failure: BaseException | None) -> None:
        if failure is not None:
            self._not_kept(failure)
            return
        delivery.ack()
        self._control.append(rejected)
        self.follower.wake()

    def _answer(self, delivery: Delivery, heard: Heard, failure: BaseException | None) -> None:
        """After the commit, on the writer's thread. Without an ack the broker, or the cloud itself, says it again."""
        if failure is not None:
            self._not_kept(failure)
            return
        delivery.ack()
        self._greeted = None
        if heard.received is not None and heard.received[0]:
            self._received = heard.received
        self._control.extend(heard.rejected)
        if heard.resend_from is not None:
            self._control.append(stream.Resend(heard.resend_from))
        if heard.ask is not None:
            self._control.append(heard.ask)
        if heard.fence:
            self._recovery.changed()
        if heard.greet:
            self._fresh = True
        if heard.hello is not None:
            self._repeat_rejections = True
            known = heard.hello.last_received
            self._said = known.seq if known.epoch == self._epoch else 0
            self._state_version = 0
        if heard.say_again_from is not None:
            self._said = min(self._said, heard.say_again_from - 1)
        if heard.acked is not None:
            self._patience = PATIENCE[0]
            self._silent_since = None
        self.follower.wake()

    def _not_kept(self, failure: BaseException) -> None:
        if not isinstance(failure, DatabaseTrouble):  # that the writer has said, once
            log.warning("a message was not applied and stays unacknowledged: %s", failure)
        self._unheard = self._unheard or isinstance(failure, DatabaseTrouble)

    def _greet(self) -> None:
        """The line is up: say where we stand, on the link's thread."""
        self._fresh = True
        self.follower.wake()

    @property
    def unanswered(self) -> bool:
        """Whether the line is good and nobody answers: no word since our hello, or nothing confirmed for too long."""
        greeted, unconfirmed = self._greeted, self._unconfirmed  # as this is asked on other threads
        waiting = [greeted] if greeted is not None else []
        waiting += [unconfirmed[1]] if unconfirmed else []
        return self._link.connected and bool(waiting) and self._stopwatch() - min(waiting) > SILENT_AFTER

    def step(self) -> bool:
        """Say what there is to say. True when more is waiting."""
        if not self._link.connected:
            return False
        if self._unheard and not self.closed() and not self._writer.trouble:
            self._unheard = False
            self._link.hang_up()  # a broker says what was not acknowledged again at the next connect, and not before
            return False
        now = self._stopwatch()
        merging = self._recovery.step(now, self._control.append)
        with self._readers.look() as look:
            if self._fresh:
                self._fresh = False
                self._greeted, self._unconfirmed = now, None
                self._epoch = epoch_of(look)
                epoch, seq = cursor(look, "up")
                self._said = seq if epoch == self._epoch else 0
                self._state_version = 0
                self._presence_at = 0.0
                received = stream.Received(*cursor(look, "down"))
                recover = self._recovery.greeting(look)
                self._control.append(stream.Hello(self._epoch, outgoing_head(look, self._epoch), received, recover))
                self._repeat_rejections = True
            if self._repeat_rejections:
                self._repeat_rejections = False
                self._control.extend(rejections(look))
            self._say_control(now)
            confirmed = cursor(look, "up")[1]
            if self._said <= confirmed:
                self._unconfirmed = None
            elif self._unconfirmed is None or self._unconfirmed[0] != confirmed:
                self._unconfirmed = confirmed, now
            self._say_again(now, confirmed)
            if now >= self._state_at + STATE_PAUSE and self._recovery.fence is None:
                moment = last_entry(look), self._state_version
                if moment != self._still_at:  # or each of the ten steps a second would look through all that ever sold
                    items = changed_items(look, moment[1])
                    if items:
                        self._say_state(items, moment[0])
                        # counted from when it was due, or one that was late makes the next one late, and so on
                        self._state_at = max(self._state_at + STATE_PAUSE, now - STATE_PAUSE)
                    else:
                        self._still_at = moment
            wanted = min(READ_AT_ONCE, self._link.room * MAX_BATCH)
            entries = outgoing_after(look, self._epoch, self._said, wanted) if wanted else []
            envelopes = [envelope_of(entry, look, self._house, self._epoch) for entry in entries]
            if entries and not self._say(envelopes, now):
                return False
            if now >= self._presence_at + PRESENCE_PAUSE:
                self._presence_at = now
                queue = outgoing_head(look, self._epoch) - confirmed
                sealed = str(head(look) or "")
                self._link.publish("presence", write(Presence(True, None, str(last_entry(look)), queue, sealed)))
        return merging or len(entries) == READ_AT_ONCE

    def _say(self, envelopes: list[Said], now: float) -> bool:
        """In as few frames to the line as there can be: each wakes its process up. False when not all were taken."""
        payloads: list[bytes] = []
        ends: list[tuple[int, int]] = []  # so many payloads say all up to this number
        for start in range(0, len(envelopes), MAX_BATCH):
            together = envelopes[start : start + MAX_BATCH]
            payloads += encode(together)
            ends.append((len(payloads), together[-1].seq))
        taken = self._link.publish("up", *payloads)
        for count, seq in ends:
            if count <= taken:
                self._said = seq
                self._silent_since = self._silent_since or now
        return taken == len(payloads)

    def _say_control(self, now: float) -> None:
        if self._received is not None and now >= self._ack_at + ACK_PAUSE:
            received, self._received, self._ack_at = self._received, None, now
            self._control.append(stream.Ack(*received))
        while self._control:
            envelope = wrap(
                self._control[0],
                id=f"{self._house.store_id}-{_NAMES.get(type(self._control[0]), 'c')}{time.monotonic_ns():x}",
                source=f"store/{self._house.store_id}",
                epoch=self._epoch,
                seq=0,
                at=self._clock(),
                sure=getattr(self._clock, "sure", True),
            )
            if not all(self._link.publish("up", payload) for payload in encode([envelope])):
                return
            self._control.popleft()

    def _say_again(self, now: float, confirmed: int) -> None:
        """What was said and not confirmed for too long is said again, after growing, jittered pauses."""
        if self._said <= confirmed:
            self._silent_since = None
        elif self._silent_since is not None and now - self._silent_since > self._patience:
            self._said = confirmed
            self._silent_since = None
            self._patience = min(self._patience * 2, PATIENCE[1]) * self._dice.uniform(0.75, 1.0)

    def _say_state(self, items: list[dict[str, object]], version: int) -> None:
        for start in range(0, len(items), ITEMS_AT_ONCE):
            payload = write(state_of(items[start : start + ITEMS_AT_ONCE], version, self._clock()))
            assert len(payload) <= MAX_PUBLISH
            if not self._link.publish("state", payload):
                return
        self._state_version = int(str(items[-1]["version"]))
