"""The chain's own authority: keys stay where they were made, names fit into topics, a stolen box can be shut out."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

AUTHORITY = Path(__file__).resolve().parents[2] / "provisioning" / "broker" / "authority.sh"


def authority(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([AUTHORITY, *words], capture_output=True, text=True, check=False)


def openssl(*words: str | Path) -> str:
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    assert authority("new", tmp_path / "ca").returncode == 0
    return tmp_path / "ca"


def signed(ca: Path, box: Path, name: str, *hosts: str) -> Path:
    assert authority("request", box, name).returncode == 0
    post = ca.parent / "post"
    post.mkdir(exist_ok=True)
    shutil.copy(box / f"{name}.csr", post)
    done = authority("sign", ca, post / f"{name}.csr", *hosts)
    assert done.returncode == 0, done.stderr
    assert not list(post.glob("*.key"))
    return post / f"{name}.crt"


def test_only_a_request_travels_and_a_certificate_comes_back(ca: Path, tmp_path: Path) -> None:
    certificate = signed(ca, tmp_path / "box", "S0001")
    openssl("verify", "-CAfile", ca / "ca.crt", "-purpose", "sslclient", certificate)
    assert "CN=S0001" in openssl("x509", "-in", certificate, "-noout", "-subject").replace(" ", "")
    assert (tmp_path / "box" / "S0001.key").stat().st_mode & 0o077 == 0
    begins = openssl("x509", "-in", certificate, "-noout", "-startdate").strip().removeprefix("notBefore=")
    age = datetime.now(UTC) - datetime.strptime(begins, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
    assert age.days == 1


def test_a_brokers_certificate_names_where_it_is_reached(ca: Path, tmp_path: Path) -> None:
    certificate = signed(ca, tmp_path / "broker", "broker", "mqtt.example", "192.0.2.1", "2001:db8::1")
    for check in (("-verify_hostname", "mqtt.example"), ("-verify_ip", "192.0.2.1"), ("-verify_ip", "2001:db8::1")):
        openssl("verify", "-CAfile", ca / "ca.crt", "-purpose", "sslserver", *check, certificate)


@pytest.mark.parametrize("name", ["S1/up", "+", "#", "", "S 1", "x" * 41])
def test_a_name_that_would_be_more_than_one_store_is_refused(ca: Path, tmp_path: Path, name: str) -> None:
    assert "not a name" in authority("request", tmp_path / "box", name).stderr
    key, request = tmp_path / "own.key", tmp_path / "own.csr"
    subject = "/CN=" + (name.replace("/", "\\/") or "\\+")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("req", *curve, "-nodes", "-subj", subject, "-keyout", key, "-out", request)
    assert "not a name" in authority("sign", ca, request).stderr
    assert not list(tmp_path.glob("*.crt"))


def test_a_stolen_boxs_certificate_is_on_the_list(ca: Path, tmp_path: Path) -> None:
    stolen, kept = signed(ca, tmp_path / "box", "S0001"), signed(ca, tmp_path / "box", "S0002")
    assert authority("revoke", ca, stolen).returncode == 0
    check = ["openssl", "verify", "-crl_check", "-CAfile", ca / "ca.crt", "-CRLfile", ca / "ca.crl"]
    assert subprocess.run([*check, kept], capture_output=True, check=False).returncode == 0
    assert b"revoked" in subprocess.run([*check, stolen], capture_output=True, check=False).stderr


def test_an_authority_or_a_key_is_never_overwritten(ca: Path, tmp_path: Path) -> None:
    was = (ca / "ca.key").read_bytes()
    assert authority("new", ca).returncode == 1
    assert (ca / "ca.key").read_bytes() == was
    signed(ca, tmp_path / "box", "S0001")
    assert authority("request", tmp_path / "box", "S0001").returncode == 1
