"""Paper as words for a printer's own letters (GB18030 文本模式), where it is set so: less to send, uglier to read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One line. `right` stands at the right edge of the same line; `big` doubles both directions."""

    text: str
    right: str = ""
    big: bool = False
    centre: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """Lines that the printer sets itself. `switch`: tell it that Chinese follows, which some printers must hear and
    some print as rubbish; `four_byte`: it knows the rare characters of GB18030."""

    lines: tuple[Words, ...]
    switch: bool = True
    four_byte: bool = False
