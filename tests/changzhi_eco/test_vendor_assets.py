"""The files under static/vendor: unchanged since they were vendored, complete, and free of the two known traps."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from changzhi_eco.context import MENU
from changzhi_eco.management.commands.vendor_assets import PACKAGES, Package, sprite, without_traps

STATIC = Path(settings.BASE_DIR) / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
TEMPLATES = Path(settings.BASE_DIR) / "templates"


@pytest.mark.parametrize("name", MANIFEST)
def test_vendored_file_is_the_one_in_the_manifest(name: str) -> None:
    body = (VENDOR / name).read_bytes()

    assert (len(body), hashlib.sha256(body).hexdigest()) == (MANIFEST[name]["bytes"], MANIFEST[name]["sha256"])


def test_manifest_lists_every_vendored_file() -> None:
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}

    assert files == {*MANIFEST, "manifest.json"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_package_is_vendored_at_its_pin_with_its_licence(package: Package) -> None:
    versions = {entry["version"] for entry in MANIFEST.values() if entry["package"] == package.name}

    assert versions == {package.version}
    assert f"{package.folder}/LICENSE" in MANIFEST


def test_stylesheets_load_nothing_from_another_host() -> None:
    sheets = "".join(path.read_text() for path in STATIC.rglob("*.css"))
    targets = re.findall(r"url\(([^)]{0,30})|@import", sheets)

    # Pictures inside the sheet or beside it, and a name that only Internet Explorer 8 looked up.
    assert all(target.startswith(('"data:image/svg+xml;base64,', "images/", "#default#VML")) for target in targets)


def test_sprite_holds_exactly_the_icons_that_pages_name() -> None:
    pages = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    named = {
        *re.findall(r'_icon.html" with name="([a-z-]+)"', pages),
        *(icon for _name, _label, icon, _actions in MENU),
    }
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (VENDOR / "tabler-icons" / "sprite.svg").read_text()))

    assert drawn == named


def test_source_map_references_are_dropped() -> None:
    css = "a{color:red}\n/*# sourceMappingURL=x.css.map */\n"
    script = "f();\n//# sourceMappingURL=x.js.map"

    assert (without_traps(css), without_traps(script)) == ("a{color:red}\n", "f();\n")


def test_svg_in_css_is_encoded_so_that_its_inner_references_survive_hashing() -> None:
    css = """a{background:url("data:image/svg+xml,%3csvg fill='url(%23g)'/%3e")}"""

    assert without_traps(css) == 'a{background:url("data:image/svg+xml;base64,PHN2ZyBmaWxsPSd1cmwoI2cpJy8+")}'


def test_sprite_keeps_the_strokes_and_drops_the_blank_square() -> None:
    home = '<svg width="24">\n  <path stroke="none" d="M0 0h24v24H0z" fill="none" />\n  <path d="M1 2" />\n</svg>'

    assert '<symbol id="home" ' in sprite({"home": home})
    assert sprite({"home": home}).count("<path") == 1


def test_sprite_refuses_what_is_no_svg() -> None:
    with pytest.raises(ValueError, match="home"):
        sprite({"home": "<html>"})
