"""Installation facts, read once. Everything that belongs to a tenant is an encrypted row, not a setting."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recado.kit.address import UNREADABLE, is_postgres


def _state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME")  # noqa: TID251 - this is where settings are read
    return (Path(base) if base else Path.home() / ".local" / "state") / "recado"


class Settings(BaseSettings):
    """One frozen value; each field is the environment variable `RECADO_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="RECADO_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    environment: Literal["production", "development", "demo"] = Field(
        "development",
        description="production refuses the simulator, missing secrets and staging doors",
    )
    data_dir: Path = Field(
        default_factory=_state_dir, description="embedded database, keys and media live here"
    )
    database_url: str | None = Field(
        None, description="PostgreSQL >= 15 for the runtime login; empty starts the embedded one"
    )
    database_owner_url: str | None = Field(None, description="login that owns the tables; only for `migrate`")
    host: str = Field("127.0.0.1", description="address the doors listen on")
    port: int = Field(8080, ge=0, le=65535, description="port of the doors")
    worker_metrics_port: int | None = Field(
        None, ge=1, le=65535, description="the worker's own Prometheus page, on `host`; empty serves none"
    )
    public_url: str | None = Field(None, description="how the outside reaches this installation")

    proxies: int = Field(
        0, ge=0, le=5, description="reverse proxies in front whose X-Forwarded-For is believed"
    )
    demo_login: bool = Field(
        False, description="set by `recado demo`: the panel lets the sample people in without a password"
    )

    master_keys: SecretStr | None = Field(
        None,
        description="`id:base64` key-encryption keys, current first; empty uses <data_dir>/keys",
    )
    meta_base_url: str = Field("https://graph.facebook.com", description="Graph API, or the simulator")
    meta_version: str = Field("v25.0", pattern=r"^v\d+\.\d+$", description="Graph API version")
    meta_history: bool = Field(
        False, description="ask Meta's message_history about sends in doubt (unproven on real numbers)"
    )
    meta_app_secret: SecretStr | None = Field(
        None, description="signs webhooks; without it the hook door is shut"
    )
    meta_app_secret_previous: SecretStr | None = Field(None, description="still accepted while you rotate")
    meta_verify_token: SecretStr | None = Field(None, description="answers Meta's verification challenge")
    hook_token: SecretStr | None = Field(
        None, description="unguessable last part of /hooks/meta/{token}; empty uses <data_dir>/keys"
    )
    staging_token: SecretStr | None = Field(
        None, description="opens POST /__staging/outbound outside production"
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level written")
    web_connections: int = Field(8, ge=2, le=100, description="database connections for tenants' requests")
    engine_connections: int = Field(8, ge=3, le=100, description="database connections for the engine")
    send_concurrency: int = Field(128, ge=1, le=2000, description="sends in flight for each worker")
    send_connect_s: float = Field(3, gt=0, le=30, description="time to open a connection to the provider")
    send_read_s: float = Field(12, gt=0, le=60, description="time for the provider's answer")
    send_lease_s: float = Field(30, gt=1, le=600, description="after this an unrecorded send is in doubt")
    lane_lease_s: float = Field(15, gt=1, le=120, description="after this another worker may take a number")
    claim_interval_s: float = Field(0.05, gt=0, le=5, description="how often the outbox is looked at")
    retry_projection_s: float = Field(
        300, gt=0, le=3600, description="pause before a failed body is read again"
    )
    doubt_every_s: float = Field(5, gt=0, le=300, description="how often unanswered sends are looked at")
    doubt_window_s: float = Field(120, gt=0, description="least age before an unanswered send may go again")
    doubt_margin_s: float = Field(60, ge=0, description="added to the lease for the same purpose")
    doubt_proof_s: float = Field(30, ge=0, description="age of a newer echo before it proves anything")
    doubt_cooldown_s: float = Field(600, ge=0, description="distrust after the webhook door was away")
    doubt_soft_s: float = Field(20, gt=0, description="wait after a provider fault that hints at `not sent`")
    doubt_session_s: float = Field(60, ge=0, description="a chat reply older than this is never sent again")
    receiver_beat_s: float = Field(1, gt=0, le=60, description="heartbeat of the webhook door")
    receiver_tolerance_s: float = Field(3, gt=0, le=300, description="longer silence of the door is a gap")
    rescue_every_s: float = Field(5, gt=0, le=60, description="how often vanished workers are looked for")
    audit_every_s: float = Field(
        3600, gt=0, description="how often the promises are proven on the stored data"
    )
    templates_every_s: float = Field(
        900, gt=0, description="how often templates and numbers are compared with the provider's"
    )
    epoch_every_s: float = Field(
        15, gt=0, le=600, description="how often the installation notes that it lives; shows an old copy"
    )
    synchronous_replicas: bool = Field(
        False, description="a failover loses nothing: after one, sending goes on without asking"
    )
    ballast_mb: int = Field(
        64, ge=0, le=10_000, description="space kept for the embedded database to restart"
    )
    disk_warn_mb: int = Field(1024, ge=0, description="less free space than this is a warning")
    disk_stop_mb: int = Field(
        200, ge=0, description="less free space than this and nothing is accepted or sent"
    )
    stale_event_s: float = Field(600, gt=0, description="older events change data but nobody reacts to them")
    media_max_bytes: int = Field(100 * 1024 * 1024, gt=0, description="largest media file accepted")

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _readable(cls, address: str | None) -> str | None:
        if address is not None and not is_postgres(address):
            raise ValueError(UNREADABLE)
        return address

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        budget = self.send_connect_s + self.send_read_s
        if budget >= self.send_lease_s:
            raise ValueError(
                f"send_lease_s ({self.send_lease_s}) must be longer than connect + read ({budget}): "
                "otherwise a slow answer is taken for a crash"
            )
        if self.demo_login:
            _only_a_demonstration(self)
        if self.environment == "production":
            _refuse_in_production(self)
        return self

    @property
    def embedded(self) -> bool:
        return self.database_url is None


def _only_a_demonstration(settings: Settings) -> None:
    """Coming in without a password needs all three at once: our own machine, the simulator, a demo."""
    simulator = urlsplit(settings.meta_base_url)
    if settings.environment != "demo":
        raise ValueError("demo_login is only for environment=demo")
    if simulator.scheme != "http" or not _loopback(simulator.hostname):
        raise ValueError("demo_login needs the simulator on this machine as meta_base_url")
    if not _loopback(settings.host):
        raise ValueError("demo_login needs the doors to listen on this machine only (host 127.0.0.1)")


def _loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _refuse_in_production(settings: Settings) -> None:
    if not settings.meta_base_url.startswith("https://"):
        raise ValueError("meta_base_url must be https in production (is this the simulator?)")
    if settings.staging_token is not None:
        raise ValueError("staging_token must not be set in production")
    if settings.meta_app_secret is None:
        raise ValueError("meta_app_secret is required in production: webhooks cannot be verified without it")
    if settings.meta_verify_token is None:
        raise ValueError("meta_verify_token is required in production")
    if settings.master_keys is None and settings.database_url is not None:
        raise ValueError("master_keys is required in production with an external database")
