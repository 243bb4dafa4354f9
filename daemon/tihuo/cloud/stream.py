"""What keeps the two ordered streams whole: who has heard what, what to say again. Outside the sequence: `seq` 0."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from tihuo.cloud.fields import Count, Epoch, Id, Moment, Note
from tihuo.cloud.up import StateItem


class Received(msgspec.Struct, frozen=True, gc=False):
    """How far one side has applied the other's stream; epoch 0 when it has heard nothing yet."""

    epoch: Count
    seq: Count


class Hello(msgspec.Struct, frozen=True, gc=False):
    """Said after every connect: how far my own stream goes, and how much of yours I have.

    A store that was restored from a backup says in `recover` how far it remembers what it said in earlier epochs.
    """

    epoch: Epoch
    head: Count
    last_received: Received
    recover: Received | None = None


class Ack(msgspec.Struct, frozen=True, gc=False):
    """Everything up to here is on my disk: you may forget it."""

    epoch: Epoch
    seq: Count


class Resend(msgspec.Struct, frozen=True, gc=False):
    """Something is missing: please say it again from here on."""

    from_seq: Count


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """This event of yours cannot be understood. It is kept and shown to the owner, and the stream goes on."""

    id: Note
    reason: Note
    detail: Note = ""


class Recover(msgspec.Struct, frozen=True, gc=False):
    """恢复: a restored store asks what it said after this; of the last picture of its stock it has so many items."""

    epoch: Count
    seq: Count
    stock: Count = 0


class Said(msgspec.Struct, frozen=True, gc=False):
    """An event that the store once said, as the cloud keeps it."""

    id: Id
    type: Id
    epoch: Epoch
    seq: Count
    data: Raw
    time: Moment | None = None


class Echo(msgspec.Struct, frozen=True, gc=False):
    """The answer to `stream.recover`: what the store itself said next, then its stock as it was last seen.

    `to` is the epoch of who asked. `left` pieces of either are still to come: ask for them. `heard` is how far the
    cloud had heard the store before the present epoch, `head` how far its own stream goes now, of which it can still
    say `first` and what follows. `whole` is false when the cloud no longer has all that was asked for.
    """

    to: Epoch
    after: Received
    left: Count
    heard: Received
    head: Received
    events: Annotated[tuple[Said, ...], Meta(max_length=500)] = ()
    stock: Annotated[tuple[StateItem, ...], Meta(max_length=500)] = ()
    first: Count = 1
    whole: bool = True
