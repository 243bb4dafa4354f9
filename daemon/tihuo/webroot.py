"""Where templates, styles, scripts and translations lie: inside the wheel, or beside the source."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent / "web"

WEB = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "web"
