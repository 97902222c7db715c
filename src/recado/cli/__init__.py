"""The `recado` command."""

from recado.cli.commands import main

__all__ = ["main"]
