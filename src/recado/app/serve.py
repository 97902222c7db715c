"""`recado serve`: the doors and the worker as two processes under one supervisor."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from recado.app.install import Installation
from recado.app.processes import Child, Family, on_stop
from recado.settings import Settings


def role_command(role: str) -> list[str]:
    return [sys.executable, "-m", "recado", role]


def role_environ(more: Mapping[str, str]) -> dict[str, str]:
    """The supervisor's environment with the given settings on top."""
    return dict(os.environ) | dict(more)  # noqa: TID251 - handed to a child process as it is


async def serve(settings: Settings, installation: Installation) -> None:
    """Until SIGINT or SIGTERM. The parent holds the embedded server so that children may fall and rise."""
    family = Family()
    on_stop(family.ask_to_stop)
    environ = role_environ({"RECADO_DATA_DIR": str(settings.data_dir)})
    try:
        for role in ("web", "work"):
            await family.start(Child(role, role_command(role), environ))
        await family.stopping.wait()
    finally:
        await family.stop()
