"""The conformance probe (消息服务器体检): does this broker do what the protocol relies on, and only that?

It connects as a box would, and as the cloud at the other end, and speaks on the topics of a store that nobody runs. A
broker that lacks something the protocol could do without is told apart from one that cannot be used. It ends as it
began: its sessions and retained messages are gone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tihuo.cloud.address import LinkSettings
from tihuo.cloud.messages import MAX_PUBLISH
from tihuo.cloud.probe_line import Line, LineEnded, LineRefused, Message
from tihuo.cloud.trouble import explain_error, explain_refusal

State = Literal["ok", "missing", "broken", "unknown"]
"""Of one thing: it works; it is not there and not needed; the broker cannot be used; nobody could tell."""

UP, DOWN = ("up", "state", "presence"), ("down", "traffic")
CLOUD_ID = "probe-cloud"
IN_A_ROW = 200
_REFUSED_3_1_1 = {1: 132, 2: 133, 4: 134, 5: 135}
"""MQTT 3.1.1's reasons to refuse a login -> MQTT 5's, which the link uses."""


@dataclass(frozen=True)
class Found:
    """What came of one check; `advice` says what to do and is empty when there is nothing to do."""

    name: str
    state: State
    detail: str = ""
    advice: str = ""


class Probe:
    """One examination. `box` and `cloud` are two accounts for one store; without `cloud` that of the box plays both.

    `foreign` is a store whose topics `box` should not be able to use; `held` messages wait while the box is away. In
    seconds: `pause` between two messages, for a broker that counts them; `patience`, how long a redelivery may take;
    `quiet`, after how long no more is expected.
    """

    def __init__(
        self,
        box: LinkSettings,
        cloud: LinkSettings | None = None,
        *,
        foreign: str = "elsewhere",
        held: int = 1200,
        pause: float = 0.0,
        patience: float = 40.0,
        quiet: float = 2.0,
    ) -> None:
        self._box = box
        self._far = cloud or box
        self._two_accounts = cloud is not None
        self._foreign = foreign
        self._held = held
        self._pause = pause
        self._patience = patience
        self._quiet = quiet

    def run(self) -> list[Found]:
        """Every check, in order; what depends on one that failed is left out."""
        found = [self._guarded(self.connect), self._guarded(self.listen)]
        if any(one.state == "broken" for one in found):
            return found[: 1 if found[0].state == "broken" else 2]
        found.append(self._guarded(self.up_and_down))
        if found[-1].state == "ok":
            checks = (self.order, self.size, self.unread, self.again, self.away, self.retained, self.will)
            found += [self._guarded(check) for check in checks]
        found += [self._guarded(check) for check in (self.keepalive, self.foreign, self.one_name_twice)]
        found.append(Found("durable_puback", "unknown", "no broker can be asked; the protocol trusts stream.ack alone"))
        self._forget()
        return found

    def _guarded(self, check: Callable[[], Found]) -> Found:
        name = check.__name__
        try:
            return check()
        except LineRefused as no:
            code, _ = explain_refusal(_REFUSED_3_1_1.get(no.code, 136), str(no))
            return Found(name, "broken", f"{code}: {no}", "Check user, password and certificate of the account.")
        except OSError as error:
            return Found(name, "broken", ": ".join(explain_error(error)), "Check host, port, TLS and certificates.")
        except LineEnded as error:
            return Found(name, "broken", str(error), "The broker's log says why: rights of the account, or a limit.")

    def _box_line(self, *, clean: bool = True) -> Line:
        return Line(self._box, clean=clean)

    def _far_line(self) -> Line:
        return Line(self._far, CLOUD_ID)

    def _say(self, line: Line, topic: str, *payloads: bytes, retain: bool = False) -> bool:
        """Publish all, a hundred on their way at most; whether the broker has acknowledged them."""
        for start in range(0, len(payloads), 100):
            mids = []
            for payload in payloads[start : start + 100]:
                mids.append(line.publish(topic, payload, retain=retain))
                time.sleep(self._pause)
            if not line.all_acked(mids):
                return False
        return True

    def _hear(self, line: Line, count: int, *, ack: bool = True) -> list[Message]:
        """Up to `count` messages, fewer when it is quiet for long."""
        heard: list[Message] = []
        while len(heard) < count:
            message = line.hear(self._quiet, ack=ack)
            if message is None:
                break
            heard.append(message)
        return heard

    # the checks; the name of each is that of what it found

    def connect(self) -> Found:
        with self._box_line() as line:
            return Found("connect", "ok", line.secured or "plain text: everybody on the way can read the orders")

    def listen(self) -> Found:
        topics = [self._box.topic(kind) for kind in DOWN]
        with self._box_line() as line:
            granted = line.subscribe(*topics)
        refused = [topic for topic, qos in zip(topics, granted, strict=True) if qos > 2]
        if refused:
            return Found("listen", "broken", f"refused: {', '.join(refused)}", "Let the store's account read them.")
        if 0 in granted:
            return Found("listen", "broken", "QoS 1 is granted as QoS 0", "Use a broker with QoS 1.")
        return Found("listen", "ok", "QoS 1 granted")

    def up_and_down(self) -> Found:
        with self._box_line() as box, self._far_line() as far:
            box.subscribe(*(self._box.topic(kind) for kind in DOWN))
            far.subscribe(*(self._box.topic(kind) for kind in UP))
            lost, weak = [], []
            for speaker, listener, kinds in ((box, far, UP), (far, box, DOWN)):
                for kind in kinds:
                    acked = self._say(speaker, self._box.topic(kind), b"probe")
                    message = listener.hear(self._quiet) if acked else None
                    if message is None:
                        lost.append(kind)
                    elif message.qos != 1:
                        weak.append(kind)
        if lost:
            who = "the two accounts" if self._two_accounts else "this account"
            advice = "Let the store write up, state and presence, the cloud down and traffic, and each read the others."
            if not self._two_accounts:
                advice = "A store's account may not speak for the cloud: name the cloud's account as well. " + advice
            return Found("up_and_down", "broken", f"with {who} nothing arrives on: {', '.join(lost)}", advice)
        if weak:
            return Found("up_and_down", "broken", f"not with QoS 1: {', '.join(weak)}", "Use a broker with QoS 1.")
        return Found("up_and_down", "ok", "all five topics, QoS 1")

    def order(self) -> Found:
        numbers = [b"%d" % number for number in range(IN_A_ROW)]
        with self._box_line() as box, self._far_line() as far:
            box.subscribe(self._box.topic("down"))
            came: list[Message] = []
            for start in range(0, IN_A_ROW, 20):
                self._say(far, self._box.topic("down"), *numbers[start : start + 20])
                came += self._hear(box, 20)
        heard = list(dict.fromkeys(message.payload for message in came))
        if missing := len(set(numbers) - set(heard)):
            return Found("order", "broken", f"{missing} of {IN_A_ROW} acknowledged messages never came", "Use another.")
        if heard != numbers:
            return Found("order", "missing", "out of order: each disorder costs a question and a repeat")
        return Found("order", "ok", f"{IN_A_ROW} in a row")

    def size(self) -> Found:
        large = b"x" * MAX_PUBLISH
        with self._box_line() as box, self._far_line() as far:
            box.subscribe(self._box.topic("down"))
            far.subscribe(self._box.topic("up"))
            for speaker, listener, kind in ((box, far, "up"), (far, box, "down")):
                self._say(speaker, self._box.topic(kind), large)
                message = listener.hear(self._quiet * 5)
                if message is None or message.payload != large:
                    advice = "Raise the broker's limit of a message to 64 KB at least."
                    return Found("size", "broken", f"{len(large)} bytes do not arrive on {kind}", advice)
        return Found("size", "ok", f"{len(large)} bytes both ways")

    def unread(self) -> Found:
        """How much comes before the first acknowledgement: it bounds what a box with a slow disk takes in at once."""
        with self._box_line() as box, self._far_line() as far:
            box.subscribe(self._box.topic("down"))
            self._say(far, self._box.topic("down"), *[b"x"] * IN_A_ROW)
            ahead = len(self._hear(box, IN_A_ROW, ack=False))
        if ahead < 10:
            return Found("unread", "missing", f"{ahead} messages before an acknowledgement", "Allow 100 in flight.")
        return Found("unread", "ok", f"{ahead} messages before an acknowledgement, of {IN_A_ROW} that wait")

    def again(self) -> Found:
        topic = self._box.topic("down")
        self._forget()
        box = self._box_line(clean=False)
        box.subscribe(topic)
        with self._far_line() as far:
            self._say(far, topic, *(b"%d" % number for number in range(5)))
        first = self._hear(box, 5, ack=False)
        for message in first[:2]:
            box.ack(message)
        box.ping()  # when its answer is here, the acknowledgements are there
        box.die()
        began = time.monotonic()
        with self._box_line(clean=False) as later:
            later.subscribe(topic)
            wanted = {b"2", b"3", b"4"}
            while wanted and (left := began + self._patience - time.monotonic()) > 0:
                if (came := later.hear(left)) is not None:
                    wanted.discard(came.payload)
            took = time.monotonic() - began
        self._forget()
        if wanted:
            detail = f"{len(wanted)} of 3 unacknowledged messages did not come again: the cloud has to say them again"
            return Found("again", "missing", detail)
        return Found("again", "ok", f"what was not acknowledged came again within {took:.1f} s")

    def away(self) -> Found:
        topic = self._box.topic("down")
        self._forget()
        with self._box_line(clean=False) as box:
            box.subscribe(topic)
        with self._far_line() as far:
            self._say(far, topic, *(b"%d" % number for number in range(self._held)))
        with self._box_line(clean=False) as box:
            remembered = box.present
            box.subscribe(topic)
            kept = len({message.payload for message in self._hear(box, self._held)})
        self._forget()
        if kept == self._held:
            return Found("away", "ok", f"kept all {kept} messages for a box that was away")
        why = "" if remembered else ", and forgot the session"
        advice = "The cloud says the others again. A larger queue for each client brings a shop back sooner."
        return Found("away", "missing", f"kept {kept} of {self._held} messages{why}", advice)

    def retained(self) -> Found:
        topic, message = self._box.topic("presence"), None
        with contextlib.suppress(LineEnded), self._box_line() as box:
            self._say(box, topic, b"here", retain=True)
            for _ in range(3):  # a cluster's other nodes may have it a moment later
                with self._far_line() as late:
                    late.subscribe(topic)
                    message = late.hear(self._quiet)
                if message is not None and message.retained:
                    break
            self._say(box, topic, b"", retain=True)
        if message is None or not message.retained:
            return Found("retained", "missing", "leave cloud.announce off: presence comes every 30 s anyway")
        return Found("retained", "ok", "cloud.announce may be switched on")

    def will(self) -> Found:
        topic, message = self._box.topic("presence"), None
        with contextlib.suppress(LineEnded, LineRefused), self._far_line() as far:
            far.subscribe(topic)
            Line(self._box, will=(topic, b"gone")).die()
            message = far.hear(self._quiet)
            with self._box_line() as box:
                self._say(box, topic, b"", retain=True)
        if message is None:
            return Found("will", "missing", "leave cloud.announce off: the cloud misses the presence after a while")
        return Found("will", "ok", "cloud.announce may be switched on")

    def keepalive(self) -> Found:
        with self._box_line() as box:
            box.ping()
        return Found("keepalive", "ok", "60 s taken, a ping is answered")

    def one_name_twice(self) -> Found:
        with self._box_line() as first:
            try:
                second = self._box_line()
            except (LineRefused, LineEnded):
                detail = "the second is refused: a box that lost its line waits until the broker misses it"
                return Found("one_name_twice", "missing", detail)
            with second:
                if first.ended(self._quiet):
                    return Found("one_name_twice", "ok", "the newer connection throws the older one out")
        return Found("one_name_twice", "missing", "both stay: two boxes with one id would share the messages")

    def foreign(self) -> Found:
        if not self._two_accounts:
            return Found("foreign", "unknown", "", "Name the cloud's account, to see whether stores are kept apart.")
        prefix = f"{self._box.prefix}/{self._foreign}"
        leaks, how = [], set()
        with self._far_line() as far:
            far.subscribe(f"{prefix}/up")
            try:
                with self._box_line() as box:
                    how.add("silently" if self._say(box, f"{prefix}/up", b"forged") else "without PUBACK")
            except LineEnded:
                how.add("by hanging up")
            if far.hear(self._quiet):
                leaks.append("speak for")
            try:
                with self._box_line() as box:
                    how.add("by SUBACK" if box.subscribe(f"{prefix}/down")[0] > 2 else "silently")
                    self._say(far, f"{prefix}/down", b"private")
                    if box.hear(self._quiet):
                        leaks.append("listen to")
            except LineEnded:
                how.add("by hanging up")
        if leaks:
            advice = "Good enough for one shop. For a chain, provisioning/broker has the rules for each store."
            return Found("foreign", "missing", f"this store may {' and '.join(leaks)} another", advice)
        return Found("foreign", "ok", f"other stores' topics are refused {' and '.join(sorted(how))}")

    def _forget(self) -> None:
        """A clean login takes the session and its queue away."""
        with contextlib.suppress(OSError, LineEnded, LineRefused):
            self._box_line().leave()
