"""`tihuo probe` as a technician types it before a chain trusts a broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tihuo.demo.broker import Broker

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def probe(*words: str, **cloud: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIHUO_")}
    environment |= {f"TIHUO_CLOUD__{name.upper()}": value for name, value in cloud.items()}
    command = [sys.executable, "-m", "tihuo", "probe", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=False)


def test_it_says_whether_a_broker_can_be_used(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    where = {"host": "127.0.0.1", "tls": "false", "username": "shop", "password_file": str(secret)}
    with Broker(tmp_path / "broker", accounts={"shop": "s3cret", "cloud": "s3cret"}, redeliver_after=1) as broker:
        where["port"] = str(broker.port)
        told = probe("--cloud-username", "cloud", "--cloud-password-file", str(secret), **where)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "Not there, and not needed: foreign." in told.stdout
        assert "s3cret" not in told.stdout + told.stderr
        refused = probe("--json", **where | {"username": "nobody"})
    assert refused.returncode == 3
    assert json.loads(refused.stdout)[0]["detail"].startswith("broker_refused_login")
    assert probe().returncode == 2
