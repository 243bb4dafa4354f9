"""The garbage collector, told what need not be looked at again."""

from __future__ import annotations

import gc


def settle() -> None:
    """Call it when everything is loaded. A tenth of an evening's work went into looking through modules and classes, and
    into young objects that were about to go away by themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
