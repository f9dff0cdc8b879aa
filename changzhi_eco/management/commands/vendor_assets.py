"""Copy the browser's third-party files out of pinned npm packages into static/vendor."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.management.base import BaseCommand

SOURCE_MAP = re.compile(r"^\s*(?://|/\*)# sourceMappingURL=.*\n?", re.MULTILINE)
SVG_IN_CSS = re.compile(r"""url\((["'])data:image/svg\+xml(?:;charset=utf-?8)?,(.*?)\1\)""", re.DOTALL)
SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
BLANK_SQUARE = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


@dataclass(frozen=True)
class Package:
    """One npm package at one version, the files of it that pages load, and the icons that go into one sprite."""

    name: str
    version: str
    files: tuple[str, ...] = ()
    icons: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return self.name.removeprefix("@").replace("/", "-")


PACKAGES = (
    Package("bootstrap", "5.3.9", files=("dist/css/bootstrap.min.css",)),
    Package("htmx.org", "2.0.11", files=("dist/htmx.min.js",)),
    Package(
        "leaflet",
        "1.9.4",
        files=(
            "dist/leaflet.js",
            "dist/leaflet.css",
            "dist/images/layers.png",
            "dist/images/layers-2x.png",
            "dist/images/marker-icon.png",
        ),
    ),
    Package(
        "@geoman-io/leaflet-geoman-free",
        "2.20.2",
        files=("dist/leaflet-geoman.min.js", "dist/leaflet-geoman.css"),
    ),
    Package(
        "@tabler/icons",
        "3.51.0",
        icons=(
            "bell",
            "calendar-event",
            "chart-bar",
            "clipboard-check",
            "clipboard-list",
            "folders",
            "home",
            "list-check",
            "logout",
            "plus",
            "search",
            "table",
            "user-circle",
        ),
    ),
)


def without_traps(text: str) -> str:
    """Rewrite CSS or JavaScript so that hashing the static files neither fails nor changes a picture."""
    # The hashing storage looks for every source map, and rewrites url(%23id) inside an unencoded SVG.
    return SVG_IN_CSS.sub(_in_base64, SOURCE_MAP.sub("", text))


def _in_base64(match: re.Match[str]) -> str:
    svg = unquote(match[2]).encode()
    return f'url("data:image/svg+xml;base64,{base64.b64encode(svg).decode()}")'


def sprite(icons: dict[str, str]) -> str:
    """Join SVG documents into one, each a symbol that pages show with <use href="…#name">."""
    symbols = "\n".join(_symbol(name, svg) for name, svg in icons.items())
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str, svg: str) -> str:
    body = SVG_BODY.search(svg)
    if body is None:
        raise ValueError(f"{name} is not an SVG document")
    strokes = " ".join(body[1].replace(BLANK_SQUARE, "").split())
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        f' stroke-linecap="round" stroke-linejoin="round">{strokes}</symbol>'
    )


def unpack(package: Package, folder: Path) -> Path:
    """Fetch a package with npm and return the folder of its content. Raises CalledProcessError when npm fails."""
    fetch = ["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
    subprocess.run(fetch, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def contents(package: Package, source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name under static/vendor and the bytes of each file that we ship of a package."""
    for licence in sorted(source.glob("LICENSE*")):
        yield f"{package.folder}/{licence.name}", licence.read_bytes()
    for name in package.files:
        body = (source / name).read_bytes()
        if name.endswith((".css", ".js")):
            body = without_traps(body.decode()).encode()
        yield f"{package.folder}/{name.removeprefix('dist/')}", body
    if package.icons:
        icons = {name: (source / "icons/outline" / f"{name}.svg").read_text() for name in package.icons}
        yield f"{package.folder}/sprite.svg", sprite(icons).encode()


def vendor(package: Package, target: Path) -> dict[str, dict[str, str | int]]:
    """Write the files of one package below target and return what the manifest says of each."""
    manifest: dict[str, dict[str, str | int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        source = unpack(package, Path(folder))
        licence = json.loads((source / "package.json").read_text())["license"]
        for name, body in contents(package, source):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            manifest[name] = {
                "package": package.name,
                "version": package.version,
                "licence": licence,
                "sha256": hashlib.sha256(body).hexdigest(),
                "bytes": len(body),
            }
    return manifest


class Command(BaseCommand):
    help = "Rebuild static/vendor from the pinned npm packages. Node is needed here only, never to run the portal."

    def handle(self, **_options: Any) -> None:
        target = Path(settings.BASE_DIR) / "static" / "vendor"
        shutil.rmtree(target, ignore_errors=True)
        manifest = {name: facts for package in PACKAGES for name, facts in vendor(package, target).items()}
        (target / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
        self.stdout.write(f"{len(manifest)} files in {target.relative_to(settings.BASE_DIR)}")
