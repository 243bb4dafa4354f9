"""How the `tihuo` command is entered, and how it ends when something is wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tihuo.cli.saying import OK, UNUSABLE, WRONG, WRONG_CALL, fail, settings_of


def main() -> Any:
    """The entry point: faults of the settings or the database become one clear line and an exit code.

    A plain `tihuo run` goes straight to the daemon: it runs for months, and need not carry the library for commands.
    """
    if sys.argv[1:2] == ["run"]:
        from tihuo.wiring import memory

        memory.load()
    from tihuo.ledger.database import DatabaseTrouble
    from tihuo.settings import SettingsTrouble
    from tihuo.shop.words import Refusal

    try:
        match sys.argv[1:]:
            case ["run"]:
                named = os.environ.get("TIHUO_SETTINGS")
                return run_daemon(Path(named) if named else None)
            case ["run", "--settings" | "-s", named]:
                return run_daemon(Path(named))
        from tihuo.cli.main import app

        return app()
    except SettingsTrouble as trouble:
        fail("The settings cannot be used:", *trouble.lines, code=WRONG_CALL)
    except DatabaseTrouble as trouble:
        fail(f"The database cannot be used: {trouble}", code=UNUSABLE)
    except Refusal as refusal:
        facts = ", ".join(f"{name} {value}" for name, value in refusal.facts.items())
        fail(f"Refused: {refusal.code}{f' ({facts})' if facts else ''}", code=WRONG)
    except BrokenPipeError:
        sys.exit(OK)


def run_daemon(settings: Path | None) -> None:
    from tihuo.cli.running import run_until_stopped

    run_until_stopped(settings_of(settings))
