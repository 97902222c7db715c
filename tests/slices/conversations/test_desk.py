"""The front desk: what each list holds, in which order, and what assigning, settling, seeing and noting change."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.slices.world import MARINA, OTHER, Company, World, inbound, text

from recado.conversations import desk, finding
from recado.conversations.desk import Staff, Talk
from recado.errors import Invalid, NotFound

LUANA = Staff(person_id=UUID(int=1), name="Luana Freitas", actor="person:1")
RUI = Staff(person_id=UUID(int=2), name="Rui Prado", actor="person:2")


async def hear(
    world: World, company: Company, body: str = "Oi", *, person: str = MARINA, name: str = ""
) -> UUID:
    """Somebody writes now; their conversation."""
    world.clock.advance(seconds=1)
    card = {"profile": {"name": name or person}, "wa_id": person}
    message = text(person, f"wamid.IN{uuid4().hex}", world.now, body)
    await world.hear(inbound(company, message, contacts=[card]))
    found: UUID = await world.value(
        "select conversation_id from conversation join contact using (tenant_id, contact_id) where phone = $1",
        "+" + person,
    )
    return found


async def listed(world: World, company: Company, tab: str, **more: Any) -> list[UUID]:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        page = await desk.listed(tx, company.tenant.tenant_id, tab=tab, holder_id=LUANA.person_id, **more)
        ids: list[UUID] = [one.conversation_id for one in page.talks]
        among = await desk.among(
            tx,
            company.tenant.tenant_id,
            [*ids, uuid4()],
            tab=tab,
            holder_id=LUANA.person_id,
            search=more.get("search", ""),
        )
    # What a live row asks is answered as the list itself would.
    assert [one.conversation_id for one in among] == ids
    return ids


async def act(world: World, company: Company, what: Any, ident: UUID, *given: Any, by: Staff = LUANA) -> Any:
    world.clock.advance(seconds=1)
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await what(tx, world.now, company.tenant.tenant_id, ident, *given, by=by)


async def talk(world: World, company: Company, ident: UUID) -> Talk:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await desk.talk(tx, company.tenant.tenant_id, ident)


async def test_every_list_holds_what_its_name_says(world: World, aurora: Company) -> None:
    marina = await hear(world, aurora, name="Marina Azevedo")
    other = await hear(world, aurora, person=OTHER, name="João Prado")
    assert await listed(world, aurora, "waiting") == [other, marina]
    assert await listed(world, aurora, "free") == [other, marina]
    assert await listed(world, aurora, "mine") == []
    await act(world, aurora, desk.assign, marina, LUANA)
    await act(world, aurora, desk.assign, other, RUI)
    assert await listed(world, aurora, "mine") == [marina]
    assert await listed(world, aurora, "free") == []
    assert await listed(world, aurora, "open") == [other, marina]
    await act(world, aurora, desk.resolve, marina)
    assert await listed(world, aurora, "mine") == []
    assert await listed(world, aurora, "waiting") == [other]
    assert await listed(world, aurora, "open") == [other]
    assert await listed(world, aurora, "resolved") == [marina]
    assert await listed(world, aurora, "all") == [other, marina]
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        counted = await desk.counts(tx, aurora.tenant.tenant_id, RUI.person_id)
    assert counted == desk.Counts(waiting=1, mine=1)


async def test_what_is_settled_comes_back_when_they_write_and_when_it_is_reopened(
    world: World, aurora: Company
) -> None:
    marina = await hear(world, aurora)
    await act(world, aurora, desk.resolve, marina)
    assert (await talk(world, aurora, marina)).resolved
    await hear(world, aurora, "Só mais uma coisa")
    assert not (await talk(world, aurora, marina)).resolved
    assert await listed(world, aurora, "waiting") == [marina]
    latest = await act(world, aurora, desk.see, marina)
    assert latest is not None
    assert await act(world, aurora, desk.see, marina) is None
    assert await listed(world, aurora, "waiting") == [marina]
    await act(world, aurora, desk.resolve, marina)
    await act(world, aurora, desk.reopen, marina)
    assert await listed(world, aurora, "open") == [marina]


async def test_a_message_of_the_very_second_in_which_it_was_settled_is_not_lost(
    world: World, aurora: Company
) -> None:
    marina = await hear(world, aurora)
    await act(world, aurora, desk.resolve, marina)
    at = await world.value("select last_inbound_at from conversation")
    message = text(MARINA, "wamid.SAME", at, "E mais isto")
    await world.hear(inbound(aurora, message))
    assert await listed(world, aurora, "waiting") == [marina]
    await act(world, aurora, desk.see, marina)
    assert not (await talk(world, aurora, marina)).resolved


async def test_holding_goes_from_hand_to_hand_and_every_hand_is_written_down(
    world: World, aurora: Company
) -> None:
    marina = await hear(world, aurora)
    await act(world, aurora, desk.assign, marina, LUANA)
    await act(world, aurora, desk.assign, marina, LUANA)
    await act(world, aurora, desk.assign, marina, RUI)
    assert (await talk(world, aurora, marina)).holder == "Rui Prado"
    await act(world, aurora, desk.assign, marina, None)
    assert (await talk(world, aurora, marina)).holder is None
    trail = await world.rows(
        "select action, was ->> 'person' as was, became ->> 'person' as became from audit_entry"
        " where action like 'conversation.%' order by seq"
    )
    one, two = str(LUANA.person_id), str(RUI.person_id)
    assert [tuple(each.values()) for each in trail] == [
        ("conversation.assigned", None, one),
        ("conversation.assigned", one, two),
        ("conversation.released", two, None),
    ]


async def test_notes_are_kept_newest_first_and_never_empty(world: World, aurora: Company) -> None:
    marina = await hear(world, aurora)
    await act(world, aurora, desk.note, marina, " Prefere\x00 à tarde ")
    await act(world, aurora, desk.note, marina, "Ligou hoje", by=RUI)
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        notes = await desk.notes(tx, aurora.tenant.tenant_id, marina)
    assert [(one.person_name, one.body) for one in notes] == [
        ("Rui Prado", "Ligou hoje"),
        ("Luana Freitas", "Prefere à tarde"),
    ]
    for body in ("  ", "x" * (desk.NOTE_MOST + 1)):
        with pytest.raises(Invalid):
            await act(world, aurora, desk.note, marina, body)


async def test_people_are_found_by_part_of_their_name_or_phone(world: World, aurora: Company) -> None:
    marina = await hear(world, aurora, name="Marina 100% Azevedo")
    await hear(world, aurora, person=OTHER, name="João Prado")
    for words in ("marina", "100%", "0111", "(20) 95550-0111"):
        assert await listed(world, aurora, "all", search=words) == [marina], words
    for words in ("%", "_", "011", "\x00ninguém"):
        found = await listed(world, aurora, "all", search=words)
        assert found == ([marina] if words == "%" else []), words


async def test_pages_follow_one_another_also_within_one_moment(world: World, aurora: Company) -> None:
    ids = {await hear(world, aurora, person=f"55209555002{n:02}") for n in range(7)}
    await world.do("update conversation set last_at = '2026-11-22 12:00:00+00', last_inbound_at = last_at")
    seen: list[UUID] = []
    before = None
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        for _page in range(4):
            page = await desk.listed(tx, aurora.tenant.tenant_id, before=before, most=2)
            seen += [one.conversation_id for one in page.talks]
            before = page.older
    assert before is None
    assert len(seen) == 7
    assert set(seen) == ids


async def test_a_thread_is_read_page_by_page_and_belongs_to_one_company(
    world: World, aurora: Company
) -> None:
    for number in range(5):
        marina = await hear(world, aurora, str(number))
    tenant_id = aurora.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        last = await desk.thread(tx, tenant_id, marina, most=2)
        before = await desk.thread(tx, tenant_id, marina, before=last[0].id, most=2)
    assert [one.preview for one in [*before, *last]] == ["1", "2", "3", "4"]
    other = await world.company("outra", external_id="106540352242999", waba="102290129340399")
    async with world.db.tenant(other.tenant.tenant_id) as tx:
        assert await desk.thread(tx, other.tenant.tenant_id, marina) == []
        with pytest.raises(NotFound):
            await desk.resolve(tx, world.now, other.tenant.tenant_id, marina, by=LUANA)


async def test_two_people_who_become_one_leave_no_second_conversation_behind(
    world: World, aurora: Company
) -> None:
    """A card with both names arrives: what was two is one, held by whoever held either."""
    bsuid = "BR.13491208655302741918"
    await hear(world, aurora)
    world.clock.advance(seconds=1)
    hidden = text(None, "wamid.HIDDEN", world.now, "Sou eu") | {"from_user_id": bsuid}
    await world.hear(inbound(aurora, hidden, contacts=[{"profile": {"name": "Marina"}, "user_id": bsuid}]))
    both = await listed(world, aurora, "waiting")
    assert len(both) == 2
    for ident in both:
        await act(world, aurora, desk.assign, ident, LUANA)
    world.clock.advance(seconds=1)
    whole = text(MARINA, "wamid.BOTH", world.now, "De novo") | {"from_user_id": bsuid}
    card = {"profile": {"name": "Marina"}, "wa_id": MARINA, "user_id": bsuid}
    await world.hear(inbound(aurora, whole, contacts=[card]))
    for tab in ("waiting", "open", "mine"):
        assert len(await listed(world, aurora, tab)) == 1, tab
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        page = await desk.listed(tx, aurora.tenant.tenant_id)
    assert [one.unread for one in page.talks] == [3]


async def test_a_crowd_is_listed_to_its_end(
    world: World, aurora: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few people they are named one by one; with many the walk recognises them; the answer is the same."""
    for last in range(7):
        world.clock.advance(seconds=61)
        await world.queue(aurora, to=f"+552095550012{last}")
    await world.do("update contact set name = 'Íris Falcão' where phone like '%2'")
    await world.do("update contact set name = 'Otávio Falcão' where name is null")
    for words, many in (("otavio", 6), ("FALCAO", 7), ("iris", 1), ("lcão", 7), ("9555001", 7)):
        pages = []
        for most_named in (200, 0):
            monkeypatch.setattr(finding, "MOST", most_named)
            pages.append(await _whole(world, aurora, words))
        assert len(set(pages[0])) == many, words
        assert pages[0] == pages[1], words


async def _whole(world: World, aurora: Company, words: str) -> list[UUID]:
    found: list[UUID] = []
    before: desk.Cursor | None = None
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        while True:
            page = await desk.listed(tx, aurora.tenant.tenant_id, search=words, before=before, most=2)
            found += [one.conversation_id for one in page.talks]
            before = page.older
            if before is None:
                return found
