"""Every story of the handset, played against the whole product: the page plays the same data with captions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.demo import Demo, eventually
from tests.support.repository import SOURCE

STORIES = sorted((SOURCE / "recado_sim" / "page" / "stories").glob("*.json"))
ORDER = ("accepted", "sent", "delivered", "read", "played")


@dataclass
class Player:
    """Does what `page/static/stories.js` does."""

    demo: Demo
    people: dict[str, dict[str, str]]
    seen: dict[str, set[str]] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def thread(self, phone: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.demo.sim("GET", f"/_sim/handset/{phone}/messages")
        return found

    async def heard(self) -> int:
        return len((await self.demo.get("/api/v1/messages?direction=in&limit=200"))["data"])

    async def more_than(self, before: int) -> bool:
        return await self.heard() > before

    async def gather(self) -> None:
        for person in self.people.values():
            await self.demo.sim("POST", "/_sim/handsets", json=person)
            self.seen[person["phone"]] = {one["wamid"] for one in await self.thread(person["phone"])}

    async def act(self, step: dict[str, Any]) -> None:
        phone = self.people[step["person"]]["phone"] if "person" in step else ""
        at = f"/_sim/handset/{phone}"
        if body := step.get("send"):
            if body.get("context") == "$last":
                body = body | {"context": self.last[phone]}
            heard = await self.heard()
            await self.demo.sim("POST", f"{at}/send", json=body)
            if "reaction" not in body:
                # A company answers what it has heard; on the page the captions take that long.
                await eventually(lambda: self.more_than(heard))
        if "state" in step:
            await self.demo.sim("POST", f"{at}/state", json=step["state"])
        if "clock" in step:
            await self.demo.sim("POST", "/_sim/clock", json={"shift_s": step["clock"]})
        if "fault" in step:
            await self.demo.sim("POST", "/_sim/faults", json=step["fault"])
        if step.get("faults") == "clear":
            await self.demo.sim("DELETE", "/_sim/faults")
        if message := step.get("business"):
            await self.business(step, message | {"to": phone})
        if wanted := step.get("expect"):
            await self.expect(wanted, phone)

    async def business(self, step: dict[str, Any], message: dict[str, Any]) -> None:
        said = await self.demo.sim("POST", "/_sim/business/send", json=message)
        assert said["ok"] or step.get("may_fail"), said
        if said["ok"]:
            self.asked.append(said["answer"]["id"])

    async def expect(self, wanted: dict[str, Any], phone: str) -> None:
        async def here() -> list[dict[str, Any]] | None:
            fresh = [one for one in await self.thread(phone) if one["wamid"] not in self.seen[phone]]
            hits = [one for one in fresh if fits(one, wanted)]
            if not hits or ("count" in wanted and len(hits) != wanted["count"]):
                return None
            assert not any(wanted.get("absent", "\0") in said(one) for one in fresh)
            return hits

        self.last[phone] = (await eventually(here, 30.0))[-1]["wamid"]


def said(message: dict[str, Any]) -> str:
    return re.sub(r"[*_~`]", "", message.get("text") or "")


def fits(message: dict[str, Any], wanted: dict[str, Any]) -> bool:
    if (wanted["from"] == "business") != (message["direction"] == "in"):
        return False
    if wanted.get("type", message["type"]) != message["type"] or wanted.get("text", "") not in said(message):
        return False
    return "status" not in wanted or ORDER.index(message["status"]) >= ORDER.index(wanted["status"])


def test_there_are_stories() -> None:
    assert len(STORIES) >= 5
    ids = [json.loads(path.read_text("utf-8"))["id"] for path in STORIES]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_a_story_plays_to_its_end(demo: Demo, path: Any) -> None:
    story = json.loads(path.read_text("utf-8"))
    player = Player(demo, story["people"])
    await player.gather()
    try:
        for step in story["steps"]:
            assert step["caption"]
            await player.act(step)
    finally:
        await demo.sim("DELETE", "/_sim/faults")
    assert player.asked, "the company took part through its own door"
    for message_id in player.asked:
        told = await demo.get(f"/api/v1/messages/{message_id}")
        assert told["status"] not in ("in_doubt",) or story["id"] == "cai-depois-de-aceitar", told
