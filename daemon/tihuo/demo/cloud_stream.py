"""The cloud's end of the two ordered streams: nothing lost, nothing twice, in order, over a line that does all three.

Down: events lie in the outbox with their numbers; they are said again until the store itself says `stream.ack`.
Up: an event is applied and remembered in one transaction; what comes too early is asked for again, from the gap on.

No thread and no socket in here: `hear()` takes what arrived, `due()` gives what to send now. `clock` values are
monotonic seconds, `at` values milliseconds since 1970.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable

import msgspec

from tihuo.cloud import messages, stream
from tihuo.cloud.fields import from_millis
from tihuo.cloud.messages import Envelope, NotUnderstood
from tihuo.demo.cloud_book import CloudBook
from tihuo.demo.cloud_echo import CloudEcho

_WINDOW = 400  # events under way, said and not acknowledged
_PROBE = 20  # the same, after silence: enough to find out that somebody listens again
_AT_ONCE = messages.MAX_BATCH  # events said in one go: one PUBLISH
_ACK_PAUSE = 0.2
_SLOWEST = 15  # times the first pause
_PATIENCE = 5  # the same: how long a restored shop may be silent before it hears our own events

Apply = Callable[[msgspec.Struct], None]


class CloudStream:
    """Both streams between this cloud and one store.

    `apply(data)` is called once for each new event from the store, inside the transaction that remembers it.
    `rejected(event_id)` is called when the store says that it could not understand one of ours.
    `retry` is the first pause, in seconds, before something unanswered is said again; it doubles up to 15 times that.
    A shop that lost its memory is told what it said before it hears more from us; `echoes` False is a cloud that has
    never heard of such a thing.
    """

    echoes = True

    def __init__(
        self,
        book: CloudBook,
        store: str,
        now: Callable[[], int],
        apply: Apply,
        rejected: Callable[[str], None],
        retry: float = 2.0,
        dice: random.Random | None = None,
    ) -> None:
        self._book, self._store, self._now, self._apply, self._rejected = book, store, now, apply, rejected
        self._retry = retry
        self._dice = dice or random.Random()
        self._say: list[msgspec.Struct] = []  # stream.* messages for the next `due()`
        self._ack_due, self._next_ack = False, 0.0
        self._their_head, self._next_ask, self._ask_pause = 0, 0.0, retry
        self._next_try, self._pause, self._window = 0.0, retry, _WINDOW
        self._controls = 0
        self._echo = CloudEcho(book)
        self._telling = False
        self._tell_until = 0.0
        with book.change():
            if not book.recall("epoch"):
                book.remember(epoch=now())
        self.epoch = book.recall("epoch")
        self.acked = self._sent = book.recall("acked")
        self.head = book.sql.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0]

    # down: what we say

    def add(self, data: msgspec.Struct, event_id: str = "") -> str:
        """Put an event into the outbox, inside the caller's change. Returns its id."""
        return self.add_bytes(messages.type_of(data), msgspec.json.encode(data), event_id)

    def add_bytes(self, kind: str, data: bytes, event_id: str = "") -> str:
        """The same for any JSON, be it nonsense."""
        seq = self._book.sql.execute("SELECT coalesce(max(seq), 0) + 1 FROM outbox").fetchone()[0]
        event_id = event_id or f"cloud-{self.epoch:x}-{seq}"
        self._book.sql.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?)", (seq, event_id, kind, self._now(), data))
        self.head = seq
        return event_id

    def connected(self) -> None:
        """The line is up (again): introduce ourselves, and say whatever was not acknowledged."""
        self._say = [self._hello()]
        self._sent, self._next_ack, self._next_ask, self._next_try = self.acked, 0.0, 0.0, 0.0

    def due(self, clock: float) -> list[bytes]:
        """The payloads to publish now."""
        if self._telling:  # a question that comes late, and that nobody waits for, must not hold us for ever
            self._tell_until = self._tell_until or clock + _PATIENCE * self._retry
            self._telling = clock < self._tell_until
        said = [self._control(data) for data in (*self._say, *self._acks(clock), *self._questions(clock))]
        self._say = []
        if self.acked < self._sent and 0 < self._next_try <= clock:
            self._sent, self._next_try, self._window = self.acked, 0.0, _PROBE
            self._pause = min(self._pause * 2, self._retry * _SLOWEST)
        said += self._events(min(self._upto(), self._sent + _AT_ONCE))
        if self.acked < self._sent and not self._next_try:
            self._next_try = clock + self._pause * self._dice.uniform(0.75, 1.25)
        return messages.encode(said)

    @property
    def more_to_say(self) -> bool:
        """True while the last `due()` held something back that may go at once."""
        return bool(self._say) or self._sent < self._upto()

    def _upto(self) -> int:
        if self._telling:
            return self._sent
        return min(self.head, self.acked + self._window)

    def _events(self, upto: int) -> list[Envelope]:
        if upto <= self._sent:
            return []
        after, self._sent = self._sent, upto
        rows = self._book.sql.execute("SELECT * FROM outbox WHERE seq > ? AND seq <= ? ORDER BY seq", (after, upto))
        return [self._envelope(row["seq"], row["id"], row["type"], row["at"], row["data"]) for row in rows]

    def _acks(self, clock: float) -> list[msgspec.Struct]:
        if not self._ack_due or clock < self._next_ack:
            return []
        self._ack_due, self._next_ack = False, clock + min(_ACK_PAUSE, self._retry)
        epoch, seq = self._heard()
        return [stream.Ack(epoch=epoch, seq=seq)]

    def _questions(self, clock: float) -> list[msgspec.Struct]:
        seq = self._heard()[1]
        if self._their_head <= seq:
            self._ask_pause = self._retry
            return []
        if clock < self._next_ask:
            return []
        self._next_ask = clock + self._ask_pause * self._dice.uniform(0.75, 1.25)
        self._ask_pause = min(self._ask_pause * 2, self._retry * _SLOWEST)
        return [stream.Resend(from_seq=seq + 1)]

    def _hello(self) -> stream.Hello:
        epoch, seq = self._heard()
        return stream.Hello(self.epoch, self.head, stream.Received(epoch, seq))

    def _control(self, data: msgspec.Struct) -> Envelope:
        self._controls += 1
        event_id = f"cloud-{self.epoch:x}-c{self._now():x}.{self._controls}"
        return self._envelope(0, event_id, messages.type_of(data), self._now(), msgspec.json.encode(data))

    def _envelope(self, seq: int, event_id: str, kind: str, at: int, data: bytes) -> Envelope:
        return Envelope(
            specversion="1.0",
            id=event_id,
            source="cloud",
            type=kind,
            epoch=self.epoch,
            seq=seq,
            data=msgspec.Raw(data),
            time=from_millis(at),
            subject=f"store/{self._store}",
        )

    # up: what we hear

    def hear(self, payload: bytes) -> None:
        """Take one PUBLISH from the store; when this returns, it is on our disk."""
        try:
            envelopes = messages.decode(payload)
        except NotUnderstood as fault:
            self._say.append(stream.Rejected(id=fault.id, reason=fault.reason, detail=fault.detail))
            return
        with self._book.change():
            for envelope in envelopes:
                if envelope.seq:
                    self._hear_event(envelope)
                else:
                    self._hear_control(envelope)

    def _hear_event(self, envelope: Envelope) -> None:
        self._meet(envelope.epoch)
        epoch, last = self._heard()
        self._ack_due = True
        if envelope.epoch < epoch or envelope.seq <= last:
            return
        self._their_head = max(self._their_head, envelope.seq)
        if envelope.seq > last + 1:
            return  # a gap: `due()` asks for what is missing, and this one comes again behind it
        self._book.remember(heard_seq=envelope.seq)
        if self._echo.keep(envelope):
            self._understand(envelope, self._apply)

    def _hear_control(self, envelope: Envelope) -> None:
        if envelope.epoch < self._heard()[0]:
            return  # what the store had before it was restored, it may have no more

        def obey(data: msgspec.Struct) -> None:
            match data:
                case stream.Hello():
                    self._meet(data.epoch)
                    if data.epoch == self._heard()[0]:
                        self._their_head = max(self._their_head, data.head)
                    self._next_ask = 0.0
                    self._ack_due, self._next_ack = True, 0.0
                    self._greeted(data.last_received)
                    self._telling = False
                    if data.recover is not None and self.echoes:
                        self._tell(data.epoch, stream.Recover(data.recover.epoch, data.recover.seq))
                case stream.Recover() if not self.echoes:
                    raise NotUnderstood("unknown_type", envelope.type)
                case stream.Recover():
                    self._meet(envelope.epoch)
                    self._tell(envelope.epoch, data)
                case stream.Ack():
                    if data.epoch == self.epoch and self.acked < data.seq <= self.head:
                        self._acknowledged(data.seq)
                case stream.Resend():
                    self._sent = max(0, min(self._sent, data.from_seq - 1))
                case stream.Rejected():
                    row = (data.id, data.reason, data.detail)
                    if self._book.sql.execute("INSERT OR IGNORE INTO rejection VALUES (?, ?, ?)", row).rowcount:
                        self._rejected(data.id)

        self._understand(envelope, obey)

    def _tell(self, present: int, asked: stream.Recover) -> None:
        """Tell a shop that was restored what it said itself; our own events wait until it has all of that."""
        answer = self._echo.answer(asked, present, stream.Received(self.epoch, self.head))
        self._telling, self._tell_until = answer.left > 0, 0.0
        self._say.append(answer)

    def _understand(self, envelope: Envelope, act: Apply) -> None:
        try:
            with self._book.change():
                act(messages.parse_up(envelope, self._store))
        except NotUnderstood as fault:
            self._say.append(stream.Rejected(id=envelope.id, reason=fault.reason, detail=fault.detail))
        except sqlite3.IntegrityError as fault:
            self._say.append(stream.Rejected(id=envelope.id, reason="malformed_data", detail=str(fault)))

    def _meet(self, epoch: int) -> None:
        """A newer epoch: the store lost its memory, and its numbers begin again."""
        if epoch > self._heard()[0]:
            self._book.remember(heard_epoch=epoch, heard_seq=0)
            self._their_head = 0

    def _greeted(self, received: stream.Received) -> None:
        """The store says how much of us it has: go on from there, even where it has less than it once acknowledged."""
        if received.epoch > self.epoch or (received.epoch == self.epoch and received.seq > self.head):
            self._begin_again(received.epoch + 1)
        elif received.epoch == self.epoch:
            self._acknowledged(received.seq)
            self._sent = received.seq
        else:
            self._acknowledged(0)
            self._sent = 0

    def _begin_again(self, epoch: int) -> None:
        """The store knows more of us than we do: our memory is old. A new epoch, with all that it may not have."""
        sql = self._book.sql
        sql.execute("DELETE FROM outbox WHERE seq <= ?", (self.acked,))
        sql.execute("UPDATE outbox SET seq = ? - seq", (self.acked,))
        sql.execute("UPDATE outbox SET seq = -seq")
        self.epoch, self.head = epoch, self.head - self.acked
        self._book.remember(epoch=epoch)
        self._acknowledged(0)
        self._sent = 0
        self._say.insert(0, self._hello())

    def _acknowledged(self, seq: int) -> None:
        self.acked = seq
        self._sent = max(self._sent, seq)
        self._pause, self._next_try, self._window = self._retry, 0.0, _WINDOW
        self._book.remember(acked=seq)

    def _heard(self) -> tuple[int, int]:
        return self._book.recall("heard_epoch"), self._book.recall("heard_seq")
