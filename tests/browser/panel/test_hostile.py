"""300 hostile texts on every screen that shows what strangers wrote: text stays text. See hostile.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.panel.hostile import FEW, TEXTS, sendable
from tests.browser.panel.hostile_stage import (
    FOREIGN,
    WORDS,
    Loaded,
    clean_page,
    load,
    shortened,
    squeezed,
    the_same,
)
from tests.browser.panel.stage import Panel

NARROW: dict[str, Any] = {"width": 320, "height": 900}

ROWS = """(rows) => rows.map((row) => [row.dataset.id, row.querySelector("[data-open]").textContent,
  row.querySelector(".c-msg .two").textContent])"""
BUBBLES = f"(all) => all.map((one) => [one.dataset.id, ({WORDS})(one.querySelector('.talk-text'))])"
# The way js/messages.js shows a message beside the list, for many: put into the page that is open.
BESIDE = """async (ids) => {
  const words = @WORDS@, foreign = @FOREIGN@, told = [];
  const place = document.getElementById("gaveta-lugar");
  const left = [...ids];
  const one = async () => {
    for (let id = left.pop(); id; id = left.pop()) {
      const answer = await fetch(`/painel/mensagens/${id}/gaveta?aba=conteudo`, { headers: { "HX-Request": "true" } });
      const html = await answer.text();
      place.innerHTML = html;
      const said = place.querySelector("[data-bubble] .said");
      told.push([id, said ? words(said) : null, place.querySelector("h2").textContent]);
      await new Promise((done) => setTimeout(done));
      const bad = foreign();
      if (bad.length) throw new Error(`${id}: ${bad}`);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  place.replaceChildren();
  return told;
}""".replace("@WORDS@", WORDS).replace("@FOREIGN@", FOREIGN)


@pytest.fixture(scope="module")
def loaded(panel_house: dict[str, str]) -> Loaded:
    return load(panel_house)


def pages(panel: Panel, page: Page) -> Iterator[None]:
    """Each page of a list, down to its end."""
    while True:
        clean_page(page)
        panel.no_sideways(page)
        yield
        older = page.locator(".pager a[rel=next]")
        if older.count() == 0:
            return
        page.goto(panel.base + str(older.get_attribute("href")))


def test_there_are_three_hundred() -> None:
    assert len(set(TEXTS)) >= 300
    assert max(map(len, TEXTS)) == 4096


def test_the_list_of_messages_and_each_beside_it(panel: Panel, loaded: Loaded) -> None:
    page = panel.open("/painel/mensagens", **NARROW)
    seen: set[str] = set()
    for _ in pages(panel, page):
        for message_id, name, words in page.locator("tr[data-message]").evaluate_all(ROWS):
            if message_id in loaded.texts:
                assert shortened(words, loaded.texts[message_id]), (words, loaded.texts[message_id])
                assert shortened(name, loaded.names.get(message_id, "<i>Bia</i>")), name
                seen.add(message_id)
    # The list holds what the company sent; what people wrote is in the conversations.
    assert seen == set(loaded.names)
    for message_id, words, _name in page.evaluate(BESIDE, sorted(seen)[::2]):
        assert the_same(words, loaded.texts[message_id]), (words, loaded.texts[message_id])
    for message_id in sorted(seen)[::75]:
        page.goto(f"{panel.base}/painel/mensagens/{message_id}")
        assert the_same(page.locator("[data-bubble] .said").evaluate(WORDS), loaded.texts[message_id])
        clean_page(page)
        panel.no_sideways(page)


def test_conversations_and_their_notes(panel: Panel, loaded: Loaded) -> None:
    page = panel.open("/painel/conversas?aba=todas", **NARROW)
    names: list[str] = []
    for _ in pages(panel, page):
        names += page.locator(".talk-name").all_text_contents()
    assert len(names) == len(TEXTS) + 2
    shown = {squeezed(one).rstrip("…") for one in names}
    for text in TEXTS:
        assert any(squeezed(text).startswith(one) for one in shown), text

    page.goto(f"{panel.base}/painel/conversas/{loaded.writer}")
    expect(page.locator(".talk-notes li")).to_have_count(sum(map(sendable, FEW)))
    told: dict[str, str] = {}
    while True:
        clean_page(page)
        panel.no_sideways(page)
        told |= dict(page.locator("[data-bubble]").evaluate_all(BUBBLES))
        older = page.locator(".talk-older a")
        if older.count() == 0:
            break
        page.goto(panel.base + str(older.get_attribute("href")))
    for message_id, words in told.items():
        assert the_same(words, loaded.texts[message_id]), (words, loaded.texts[message_id])
    assert len(told) == len(TEXTS)
    for one in page.locator("[data-quote]").all()[:20]:
        one.evaluate("(button) => button.click()")
        assert page.locator("[data-quoting-words]").inner_text().strip()
    clean_page(page)


@pytest.mark.parametrize(
    "path",
    [
        "/painel/auditoria",
        "/painel/numeros",
        "/painel/contas/chaves",
        "/painel/modelos",
        "/painel/liberacao",
        "/painel/mensagens?q=%3Cscript%3Ewindow.recado_broken%3D1%3C%2Fscript%3E",
        "/painel/conversas?aba=todas&busca=%22%3E%3Csvg%2Fonload%3Dwindow.recado_broken%3D1%3E",
        "/painel/mensagens?aba=%22%3E%3Cscript%3E&numero=%7B%7B7*7%7D%7D&causa=%3Cimg%20src%3Dx%3E",
    ],
)
def test_reasons_names_and_what_an_address_says(panel: Panel, loaded: Loaded, path: str) -> None:
    page = panel.open(path, **NARROW)
    for _ in pages(panel, page):
        assert "49" not in page.locator("h1").inner_text()


def test_the_bodies_as_they_came(panel: Panel, loaded: Loaded) -> None:
    page = panel.open("/painel/webhooks", **NARROW)
    addresses = page.locator("a[data-open]").evaluate_all("(all) => all.map((one) => one.href)")
    clean_page(page)
    told = ""
    for address in addresses[:12]:
        page.goto(address)
        page.get_by_role("button", name="Mostrar tudo").click()
        expect(page.locator("[data-tree]")).to_contain_text("contacts")
        clean_page(page)
        panel.no_sideways(page)
        told += str(page.locator("[data-tree]").evaluate("(one) => one.textContent"))
    whole = squeezed(told)
    assert sum(squeezed(text) in whole for text in TEXTS) > 200
