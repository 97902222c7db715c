"""Build hook: browser files of other projects arrive here at build time and are never committed.

Each source is pinned by SHA-256; a different file stops the build and prints both digests.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# target name -> (package, path inside the package, sha256)
FILES: dict[str, tuple[str, str, str]] = {
    "swagger-ui.css": (
        "fastapi_offline",
        "static/swagger-ui.css",
        "ca238f7d7c2cf4480c1e77a9c3b9da915ab216e96ffd354e69076560c650c6de",
    ),
    "swagger-ui-bundle.js": (
        "fastapi_offline",
        "static/swagger-ui-bundle.js",
        "4b5a9b35a1adf37f00d39c0bae23cdb37007e2946240ef035137cc85b4d55349",
    ),
    "htmx.min.js": (
        "django_htmx",
        "static/django_htmx/htmx-2.min.js",
        "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de",
    ),
}
# The whole collection; only the icons named in ICON_NAMES go into the sprite.
ICONS = ("lucide", "lucide.zip", "522230c8b53f88517710e3e1693ffc03ffe68f2e839893909f1d9e0305a6eadf")
ICON_NAMES = "src/recado/web/panel/icons.txt"
# what people see -> (distribution it came in, licence of the files themselves)
ORIGINS = {
    "Swagger UI (swagger-ui.css, swagger-ui-bundle.js)": ("fastapi-offline", "Apache-2.0"),
    "htmx 2.0.10 (htmx.min.js)": ("django-htmx", "0BSD"),
    "Lucide icons (icons.svg)": ("lucide", "ISC, parts MIT (Feather)"),
}
_HTMX_LICENCE = """Permission to use, copy, modify, and/or distribute this software for any purpose with or without \
fee is hereby granted.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING \
ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, \
DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, \
WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE \
USE OR PERFORMANCE OF THIS SOFTWARE."""


def _locate(package: str, inside: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"build dependency {package} is not installed")
    return Path(spec.origin).parent / inside


def _checked(package: str, inside: str, expected: str) -> Path:
    path = _locate(package, inside)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ValueError(f"{package}/{inside}: expected sha256 {expected}, found {found}")
    return path


def sprite(names: list[str]) -> str:
    """One SVG with a symbol for each icon, so that a page carries references instead of drawings."""
    symbols = []
    with zipfile.ZipFile(_checked(*ICONS)) as archive:
        known = set(archive.namelist())
        for name in names:
            if f"{name}.svg" not in known:
                raise ValueError(f"{ICON_NAMES}: there is no icon {name!r} in lucide")
            drawing = archive.read(f"{name}.svg").decode()
            inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", drawing, flags=re.DOTALL).strip()
            inner = re.sub(r"\s+", " ", inner)
            symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>\n')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "".join(symbols) + "</svg>\n"


def _licence_texts(distribution: str) -> str:
    found = importlib.metadata.distribution(distribution)
    texts = [
        found.locate_file(file).read_text("utf-8").strip()  # type: ignore[attr-defined]
        for file in found.files or []
        if re.search(r"dist-info/(?:.*/)?(?:LICEN[CS]E|COPYING)[^/]*$", str(file))
    ]
    return "\n\n".join(texts)


def third_party() -> str:
    """What is in this folder, where it came from and on which terms."""
    parts = ["# Third-party browser files\n\nMade by the build; none of it is part of recado's own source.\n"]
    for what, (distribution, licence) in ORIGINS.items():
        version = importlib.metadata.version(distribution)
        parts.append(f"## {what}\n\nFrom the package {distribution} {version}. Licence: {licence}.\n")
        if distribution == "django-htmx":
            parts.append(f"```text\n{_HTMX_LICENCE}\n```\n")
        if text := _licence_texts(distribution):
            parts.append(f"```text\n{text}\n```\n")
    return "\n".join(parts)


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        target = root / "src/recado/web/static/vendor"
        target.mkdir(parents=True, exist_ok=True)
        for name, source in FILES.items():
            (target / name).write_bytes(_checked(*source).read_bytes())
        names = sorted(set((root / ICON_NAMES).read_text("utf-8").split()))
        (target / "icons.svg").write_text(sprite(names), encoding="utf-8")
        (target / "THIRD_PARTY.md").write_text(third_party(), encoding="utf-8")
