"""The box itself: paper, lamps, messages it could not read, a restore, settings."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event


class PaperQueued(Event, frozen=True, kw_only=True, tag="paper.queued"):
    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    job_id: int
    copy: int = 1


class PaperMoved(Event, frozen=True, kw_only=True, tag="paper.moved"):
    """A print job went on to `state`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    job_id: int
    state: str
    trouble: str = ""


class BatchMoved(Event, frozen=True, kw_only=True, tag="batch.moved"):
    """A batch of paper was paused, goes on, or was called off."""

    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    batch_id: int
    state: str


class DrawerAsked(Event, frozen=True, kw_only=True, tag="drawer.asked"):
    """钱箱: the actor of this entry wants the cash drawer open; its job tells whether the printer did it."""

    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    job_id: int
    role: str
    reason: str


class MessageParked(Event, frozen=True, kw_only=True, tag="message.parked"):
    """A message from the cloud that could not be understood: kept, answered, shown."""

    TOPICS: ClassVar[tuple[str, ...]] = ("cloud",)
    parked_id: int
    message_id: str
    reason: str


class MessageSettled(Event, frozen=True, kw_only=True, tag="message.settled"):
    """A parked message is done with: `replayed` or `dismissed`, by the actor of this entry."""

    TOPICS: ClassVar[tuple[str, ...]] = ("cloud",)
    parked_id: int
    message_id: str
    how: str


class SaidAgain(Event, frozen=True, kw_only=True, tag="said.again"):
    """A restored box does not know whether the cloud ever heard what is in this older entry: it says it once more,
    under the name that it had then; or `afresh`, if the cloud heard something else under that name."""

    TO_CLOUD: ClassVar[bool] = True
    entry: int
    afresh: bool = False


class FenceRaised(Event, frozen=True, kw_only=True, tag="fence.raised"):
    """The box remembers less than the cloud may: it waits until it knows again what happened after `backup_at`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "kiosk", "stock", "sorting", "pickup")
    why: str
    backup_at: int


class FencePassed(Event, frozen=True, kw_only=True, tag="fence.passed"):
    """The owner goes on without what the cloud may know."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "kiosk", "stock", "sorting", "pickup")
    trouble: str = ""


class Restored(Event, frozen=True, kw_only=True, tag="restored"):
    """The fence is down: `facts` that the cloud told were merged, and `recount` things wait for a person."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "kiosk", "stock", "orders", "sorting", "pickup", "cloud")
    facts: int
    recount: int


class LampDead(Event, frozen=True, kw_only=True, tag="lamp.dead"):
    """A slot's lamp does not shine: somebody saw it `dark`, or its line was `silent`. One goes by the number there."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "lamps")
    slot: str
    why: str


class LampWell(Event, frozen=True, kw_only=True, tag="lamp.well"):
    """A lamp that was dead was tested, and somebody saw it shine."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "lamps")
    slot: str


class SettingChanged(Event, frozen=True, kw_only=True, tag="setting.changed"):
    """Who changed what: a user added, a PIN renewed. Never the secret itself."""

    TOPICS: ClassVar[tuple[str, ...]] = ("settings",)
    what: str
    subject: str
