"""What keeps the two ordered streams whole: who has heard what, what to say again. Outside the sequence: `seq` 0."""

from __future__ import annotations

import msgspec

from tihuo.cloud.fields import Count, Epoch, Note


class Received(msgspec.Struct, frozen=True, gc=False):
    """How far one side has applied the other's stream; epoch 0 when it has heard nothing yet."""

    epoch: Count
    seq: Count


class Hello(msgspec.Struct, frozen=True, gc=False):
    """Said after every connect: how far my own stream goes, and how much of yours I have."""

    epoch: Epoch
    head: Count
    last_received: Received


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
