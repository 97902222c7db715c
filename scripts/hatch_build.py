"""Build hook: browser files of other projects arrive here at build time and are never committed.

Each file is pinned by SHA-256; a different file stops the build and prints both digests.
"""

from __future__ import annotations

import hashlib
import importlib.util
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
}


def _locate(package: str, inside: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"build dependency {package} is not installed")
    return Path(spec.origin).parent / inside


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        target = Path(self.root) / "src/recado/web/static/vendor"
        target.mkdir(parents=True, exist_ok=True)
        for name, (package, inside, expected) in FILES.items():
            data = _locate(package, inside).read_bytes()
            found = hashlib.sha256(data).hexdigest()
            if found != expected:
                raise ValueError(f"{name}: expected sha256 {expected}, found {found}")
            (target / name).write_bytes(data)
