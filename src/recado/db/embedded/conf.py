"""PostgreSQL settings of the embedded server: durable, modest, silent about data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

SETTINGS: Mapping[str, str] = {
    # What a 2xx promises: these are PostgreSQL's own defaults, written down so that nobody
    # has to wonder, and checked again at boot.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Two cores, little memory, many small transactions.
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "huge_pages": "off",
    # Fewer checkpoints mean fewer full-page images; 1 GB also bounds crash recovery.
    "max_wal_size": "1GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_buffers": "16MB",
    # Rows are met by whole keys: a fine histogram changes no plan of ours, and what grows is sampled all the time.
    "default_statistics_target": "20",
    # Queue tables live from updates and deletes: clean early, in small steps. Never in a hurry: at ten times this
    # limit everybody stood behind the cleaning of the young tables for a quarter of a second, every ten seconds.
    "autovacuum_naptime": "10s",
    "autovacuum_max_workers": "2",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.2",
    "autovacuum_vacuum_insert_scale_factor": "0.2",
    "autovacuum_vacuum_cost_limit": "200",
    # An old snapshot slows every claim (13 to 107 ms measured), so none may be forgotten open.
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    # One file per weekday, a week kept.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
    "log_line_prefix": "%m [%p] ",
    # Phones and texts are in statements, parameters, DETAIL lines and even in error messages
    # ('invalid input syntax ... "value"'). Errors go to the client; only LOG, FATAL and PANIC
    # reach the file.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

HEADER = (
    "# Written by recado at every start of the server; changes here are lost.\n"
    "# For settings of your own use ALTER SYSTEM, which wins over this file.\n"
)


def render(port: int, socket_dir: Path | None, extra: Mapping[str, str]) -> str:
    """The text of recado.conf. Raises ValueError for a setting that cannot be written safely."""
    values = {
        **SETTINGS,
        "port": str(port),
        "unix_socket_directories": _directory_list(socket_dir),
        **extra,
    }
    return HEADER + "".join(f"{name} = {_quoted(name, value)}\n" for name, value in values.items())


def _directory_list(directory: Path | None) -> str:
    return "" if directory is None else '"' + str(directory).replace('"', '""') + '"'


def _quoted(name: str, value: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_.]*", name) or "\n" in value or "\0" in value:
        raise ValueError(f"not a PostgreSQL setting: {name!r}")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def remembered_port(path: Path) -> int | None:
    """The port of the last start, so that addresses stay valid across restarts."""
    try:
        found = re.search(r"^port = '(\d+)'$", path.read_text(encoding="utf-8"), re.MULTILINE)
    except FileNotFoundError:
        return None
    return int(found.group(1)) if found else None
