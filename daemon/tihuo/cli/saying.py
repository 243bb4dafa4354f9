"""How commands speak: text for people, JSON for programs, exit codes for scripts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tihuo.settings import Settings

OK, WRONG, WRONG_CALL, UNUSABLE = 0, 1, 2, 3


def say(text: str) -> None:
    print(text)


def say_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def fail(*lines: str, code: int) -> NoReturn:
    """Say what happened on standard error, and end."""
    for line in lines:
        print(line, file=sys.stderr)
    sys.exit(code)


def settings_of(path: Path | None) -> Settings:
    """The settings of a command. Raises `SettingsTrouble`."""
    from tihuo.settings import load

    return load(path)
