"""An inventory's settings as the TOML file that the daemon reads."""

from __future__ import annotations

import json
from typing import Any


def toml(settings: dict[str, Any], above: str = "") -> str:
    """Nested dicts as TOML; JSON writes numbers, booleans, strings and lists of them the way TOML reads them."""
    plain, tables = "", ""
    for key, value in settings.items():
        name = f"{above}{key}"
        if isinstance(value, dict):
            tables += f"\n[{name}]\n" + toml(value, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables += "".join(f"\n[[{name}]]\n" + toml(one, f"{name}.") for one in value)
        else:
            plain += f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
    return plain + tables
