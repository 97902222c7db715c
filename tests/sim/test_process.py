"""The process: starts quietly, keeps its state, leaves quickly."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.sim.stage import MARINA, QUICK, SECRET, Sim, Sink, eventually, running


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "sim.json"
    with running("--state", str(kept)) as sim:
        sim.writes(MARINA, {"text": "Oi"})
        read = sim.sent({"to": MARINA, "text": {"body": "Lida"}})
        sim.sink.status(read, "read")
        sim.ask("POST", f"/_sim/handset/{MARINA}/state", {"online": False})
        waiting = sim.sent({"to": MARINA, "text": {"body": "Espera"}})
        sim.sink.status(waiting, "sent")
        sim.shift(3600)
        before = (sim.ledger(), sim.seen(MARINA), sim.ask("GET", "/_sim/handsets").json)
    with running("--state", str(kept), seeded=False) as sim:
        assert (sim.ledger(), sim.seen(MARINA), sim.ask("GET", "/_sim/handsets").json) == before
        assert sim.ask("GET", "/_sim/clock").json["shift_s"] == 3600
        assert sim.text(MARINA).status == 200, "the window is still open"
        assert sim.text("5520955500777").code == 131047
        sim.settings(callback_url=sim.sink.url)
        sim.ask("POST", f"/_sim/handset/{MARINA}/state", {"online": True})
        status = sim.sink.status(waiting, "read")
        assert status["id"] == waiting
        fresh = sim.sent({"to": MARINA, "text": {"body": "Nova"}})
        assert fresh not in {line["wamid"] for line in before[0]}


def test_the_file_is_written_while_it_runs(tmp_path: Path) -> None:
    kept = tmp_path / "sim.json"
    with running("--state", str(kept)) as sim:
        sim.writes(MARINA, {"text": "Antes da queda"})
        eventually(lambda: kept.exists() and b"Antes da queda" in kept.read_bytes(), 5)
        sim.process.kill()
        sim.process.wait(5)
    with running("--state", str(kept), seeded=False) as sim:
        assert [bubble["text"] for bubble in sim.seen(MARINA)] == ["Antes da queda"]


def test_messages_on_their_way_arrive_after_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "sim.json"
    slow = ("--sent-s", "3600", "--delivered-s", "3601", "--read-s", "3602")
    with running("--state", str(kept), *slow) as sim:
        sim.writes(MARINA, {"text": "Oi"})
        wamid = sim.sent({"to": MARINA, "text": {"body": "Devagar"}})
    with running("--state", str(kept), *slow, seeded=False) as sim:
        sim.settings(callback_url=sim.sink.url)
        sim.shift(4000)
        assert sim.sink.status(wamid, "read")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_at_once_even_with_callers_waiting(number: signal.Signals) -> None:
    with running() as sim:
        sim.fault("timeout_before_accept")
        with _stream(sim) as stream, ThreadPoolExecutor(1) as pool:
            stream.readline()
            waiting = pool.submit(sim.text, MARINA)
            eventually(lambda: sim.ask("GET", "/_sim/faults").json[0]["hits"] == 1)
            started = time.monotonic()
            sim.process.send_signal(number)
            assert sim.process.wait(5) == 0
            assert time.monotonic() - started < 1.5
            assert isinstance(waiting.exception(5), OSError | http.client.HTTPException)
        assert sim.process.stderr is not None
        assert sim.process.stderr.read() == b""


def _stream(sim: Sim) -> Any:
    return urllib.request.urlopen(f"{sim.base}/_sim/events", timeout=5)


def test_the_stream_tells_what_happens() -> None:
    with running() as sim, _stream(sim) as stream:
        stream.readline()
        sim.writes(MARINA, {"text": "Oi"})
        lines = [stream.readline() for _ in range(4)]
        assert b"event: message\n" in lines
        told = next(line for line in lines if line.startswith(b"data: "))
        assert json.loads(told.removeprefix(b"data: "))["phone"] == MARINA


def test_options_do_what_a_seed_does() -> None:
    sink = Sink()
    options = ["--app-secret", SECRET, "--callback", sink.url, "--token", "one", "--token", "two"]
    try:
        with running(*options, seeded=False) as sim:
            assert sim.ask("GET", "/v25.0/106000000000023", token="two").status == 200
            assert sim.ask("GET", "/v25.0/106000000000023", token="three").status == 401
            wamid = sim.writes(MARINA, {"text": "Oi"})
            assert sink.post_with(wamid).genuine
    finally:
        sink.close()


def test_only_this_machine() -> None:
    for options in (["--callback", "https://www.example.com/"], ["--host", "0.0.0.0"]):
        command = [sys.executable, "-m", "recado_sim", *QUICK, *options]
        done = subprocess.run(command, capture_output=True, timeout=20)
        assert done.returncode == 2
        assert b"loopback" in done.stderr


def test_any_token_is_good_until_some_are_named() -> None:
    with running(seeded=False) as sim:
        path = "/v25.0/106000000000023?fields=health_status,verified_name"
        about = sim.ask("GET", path, token="anything").json
        assert about["health_status"]["can_send_message"] == "AVAILABLE"
        assert sim.ask("GET", path, token="invalid").status == 401
        assert sim.seed().status == 200
        assert sim.seed().status == 200, "planting twice changes nothing"
        assert sim.ask("GET", path, token="anything").status == 401
        assert len(sim.ask("GET", "/v25.0/102000000000017/phone_numbers").json["data"]) == 2


def test_the_ledger_is_bounded() -> None:
    with running("--ledger-max", "5") as sim:
        sim.writes(MARINA, {"text": "Oi"})
        wamids = [sim.sent({"to": MARINA, "text": {"body": str(n)}}) for n in range(8)]
        assert [line["wamid"] for line in sim.ledger()] == wamids[-5:]


def test_tokens_codes_and_the_debugger() -> None:
    with running() as sim:
        about = sim.ask("GET", "/v25.0/debug_token?input_token=token-ok").json["data"]
        assert about["is_valid"]
        assert about["granular_scopes"][0]["target_ids"] == ["102000000000017"]
        assert not sim.ask("GET", "/debug_token?input_token=expired").json["data"]["is_valid"]
        path = "/v25.0/oauth/access_token?client_id=1&client_secret=2&code="
        assert sim.ask("GET", f"{path}abc").json["token_type"] == "bearer"
        assert sim.ask("GET", f"{path}expired").json["error"]["error_subcode"] == 36007
