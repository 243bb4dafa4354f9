"""`tihuo probe`: may this broker be used?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tihuo.cli.saying import OK, UNUSABLE, WRONG, WRONG_CALL, fail, say, say_json
from tihuo.cloud.address import LinkSettings, LinkTls
from tihuo.cloud.probe import Found, Probe
from tihuo.settings import Settings
from tihuo.wiring.box import link_settings

_MARKS = {"ok": "✓", "missing": "–", "broken": "✗", "unknown": "?"}


def probe_broker(
    settings: Settings,
    store: str,
    foreign: str,
    *,
    cloud_username: str,
    cloud_password_file: Path | None,
    cloud_cert: Path | None,
    cloud_key: Path | None,
    gently: bool,
    json: bool,
) -> int:
    """Examine the broker of the settings; gives the exit code."""
    if not settings.cloud.host:
        fail("The settings name no broker: set cloud.host.", code=WRONG_CALL)
    box = link_settings(store, settings.cloud)
    cloud: LinkSettings | None = None
    if cloud_username or cloud_cert:
        password = cloud_password_file.read_text("utf-8").strip() if cloud_password_file else ""
        tls = box.tls and LinkTls(box.tls.ca, cloud_cert, cloud_key, box.tls.server_name)
        cloud = replace(box, username=cloud_username, password=password, tls=tls)
    found = Probe(box, cloud, foreign=foreign, pause=0.06 if gently else 0.0).run()
    if json:
        say_json([{"name": f.name, "state": f.state, "detail": f.detail, "advice": f.advice} for f in found])
    else:
        for one in found:
            say(f"{_MARKS[one.state]} {one.name}: {one.detail or one.state}")
            if one.advice:
                say(f"    {one.advice}")
        say(_verdict(found))
    if found[0].state == "broken":
        return UNUSABLE
    return WRONG if any(one.state == "broken" for one in found) else OK


def _verdict(found: list[Found]) -> str:
    broken = [one.name for one in found if one.state == "broken"]
    missing = [one.name for one in found if one.state == "missing"]
    if broken:
        return f"This broker cannot be used so: {', '.join(broken)}."
    if missing:
        return f"This broker can be used. Not there, and not needed: {', '.join(missing)}."
    return "This broker can be used."
