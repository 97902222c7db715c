"""Switches the failpoints on. Imported before anything of recado: modules keep the function they find."""

from __future__ import annotations

import os

os.environ["RECADO_FAILPOINTS"] = "nowhere=0"  # noqa: TID251 - this process is the installation
