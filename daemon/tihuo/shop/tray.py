"""托盘: where in the picture of a kiosk's camera the tray lies, as the owner drew it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tihuo.shop.events import SettingChanged
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work

Tray = tuple[float, float, float, float]
"""x, y, width, height as fractions of the picture."""
_TRAY = "camera_tray:"
_SMALLEST = 0.1


def tray_fits(tray: Sequence[float]) -> bool:
    """Whether a tray lies in the picture and is large enough for a code.

    >>> tray_fits((0.2, 0.1, 0.6, 0.9)), tray_fits((0.5, 0, 0.6, 1)), tray_fits((0.5, 0.5, 0, 0))
    (True, False, False)
    """
    x, y, width, height = tray
    return min(x, y) >= 0 and min(width, height) >= _SMALLEST and max(x + width, y + height) <= 1.001


def keep_tray(work: Work, kiosk: str, tray: Tray | None) -> None:
    """取景: the owner drew the tray of this kiosk; None goes back to the settings file.

    Raises `Refusal("bad_tray")`.
    """
    if tray is None:
        work.sql("DELETE FROM keep WHERE name = ?", (f"{_TRAY}{kiosk}",))
    elif not tray_fits(tray):
        raise Refusal("bad_tray")
    else:
        work.sql(
            "INSERT INTO keep VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
            (f"{_TRAY}{kiosk}", json.dumps([round(edge, 3) for edge in tray])),
        )
    work.record(SettingChanged(what="camera_tray", subject=kiosk))


def kept_tray(look: Look, kiosk: str) -> Tray | None:
    """What the owner drew; None while the settings file counts."""
    row = look.one("SELECT value FROM keep WHERE name = ?", (f"{_TRAY}{kiosk}",))
    if row is None:
        return None
    x, y, width, height = json.loads(row[0])
    return x, y, width, height
