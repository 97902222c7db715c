"""Text from strangers stays text, whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.handset.stage import Stage, eventually

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 1'>",
    '"><svg/onload=window.broken=1>',
    "javascript:window.broken=1 [a](javascript:window.broken=1)",
    "<a href='https://exemplo.example'>clique</a>",
    "</textarea></li></ol><style>*{display:none}</style>",
    "&lt;b&gt;não é negrito&lt;/b&gt; &#60;script&#62;",
    "{{constructor.constructor('window.broken=1')()}} ${window.broken=1}",
    "\u202etxt.exe \u2066isolado\u2069 \u200f\u200b\ufeff",
    "Z\u0351\u0352\u0353\u0354\u0355\u0356\u0357a\u0358\u0359\u035al\u035b\u035cgo " * 4,
    "palavra" * 120,
    "*" * 300 + "_" * 300 + "~" * 300,
    "constructor toString hasOwnProperty valueOf",
    "https://exemplo.example/<script>window.broken=1</script>",
]

MARKS = [
    ("*a* _b_ ~c~", [["strong", "a"], " ", ["em", "b"], " ", ["s", "c"]]),
    ("*_a_ b*", [["strong", [["em", "a"], " b"]]]),
    ("2*3*4 e _x", ["2*3*4 e _x"]),
    ("* a * e *a *", ["* a * e *a *"]),
    ("*a\nb*", ["*a\nb*"]),
    ("**", ["**"]),
    ("**a**", ["*", ["strong", "a"], "*"]),
    ("***_ ___", ["***_ ___"]),
    ("```*x*\ny```", [["mono", "*x*\ny"]]),
    ("`*x*` ``` z", [["mono", "*x*"], " ``` z"]),
    ("snake_case_name", ["snake_case_name"]),
    ("(*a*), _b_!", ["(", ["strong", "a"], "), ", ["em", "b"], "!"]),
    ("*a _b* c_", [["strong", "a _b"], " c_"]),
    (
        "veja https://exemplo.example/a_b_c. Tchau",
        ["veja ", ["link", "https://exemplo.example/a_b_c"], ". Tchau"],
    ),
]

READ = """
async (text) => {
  const { tokens } = await import("/celular/static/markup.js");
  const flat = (list) => list.map((token) => token.kind === "text" ? token.text
    : [token.kind, token.text ?? (token.inside.length === 1 && token.inside[0].kind === "text"
      ? token.inside[0].text : flat(token.inside))]);
  return flat(tokens(text));
}
"""

WORST = {
    "open marks": "*a _b ~c " * 20_000,
    "only stars": "*" * 200_000,
    "ticks": "`" * 200_000,
    "ticks apart": "` " * 100_000,
    "fences": "```x" * 50_000,
    "addresses": "http://" * 30_000,
    "dots": "http://a" + "." * 200_000,
    "lines": "*a\n" * 60_000,
}

STEPS = """
async (text) => {
  const { tokens } = await import("/celular/static/markup.js");
  const time = (sample) => {
    let best = Infinity;
    for (let i = 0; i < 3; i += 1) {
      const start = performance.now();
      tokens(sample);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  return [time(text.slice(0, text.length / 8)), time(text)];
}
"""


def test_hostile_text_is_shown_as_it_was_written(stage: Stage) -> None:
    phone = stage.sim.chats_with("<b onclick=alert(1)>Bia</b>")
    for text in HOSTILE:
        stage.sim.business_sends(phone, "text", {"body": text})
    page = stage.open(phone, width=320, height=640)
    shown = page.locator("#messages .theirs .words")
    expect(shown).to_have_count(len(HOSTILE))
    for index, text in enumerate(HOSTILE):
        assert shown.nth(index).text_content() == text
    assert page.evaluate("window.broken") is None
    assert (
        page.locator("#messages").evaluate(
            "list => list.querySelectorAll('script, style, iframe, object').length"
        )
        == 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.get_by_role("button", name="Voltar para as pessoas").click()
    expect(page.locator(".person[aria-current] .person-name")).to_have_text("<b onclick=alert(1)>Bia</b>")


def test_hostile_pieces_of_a_message_are_text_too(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    evil = "<img src=x>"
    stage.sim.business_sends(
        phone,
        "interactive",
        {
            "type": "list",
            "header": {"type": "text", "text": evil},
            "body": {"text": evil},
            "footer": {"text": evil},
            "action": {
                "button": evil,
                "sections": [{"title": evil, "rows": [{"id": evil, "title": evil, "description": evil}]}],
            },
        },
    )
    place = {"latitude": -23.5, "longitude": -46.6, "name": evil, "address": evil}
    stage.sim.business_sends(phone, "location", place)
    contact = {"name": {"formatted_name": evil, "first_name": evil}, "phones": [{"phone": evil}]}
    stage.sim.business_sends(phone, "contacts", [contact])
    page = stage.open(phone)
    expect(page.locator("#messages .theirs")).to_have_count(3)
    page.locator(".taps").get_by_role("button", name=evil).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name=evil).first.click()
    eventually(lambda: stage.sim.seen(phone)[-1]["direction"] == "out")
    assert page.locator("#messages img").count() == 0


@pytest.mark.parametrize(("text", "expected"), MARKS)
def test_marks_read_as_whatsapp_reads_them(stage: Stage, text: str, expected: list[Any]) -> None:
    assert stage.open().evaluate(READ, text) == expected


def test_the_cost_of_reading_marks_grows_with_the_length_only(stage: Stage) -> None:
    page = stage.open()
    for name, text in WORST.items():
        # Eight times the text: linear is 8, quadratic 64. The floor hides the clock's grain; a busy machine may
        # interrupt one measurement, hardly three.
        tries = [page.evaluate(STEPS, text) for _ in range(3)]
        assert any(large <= max(small, 1.0) * 30 for small, large in tries), f"{name}: {tries} ms"


def test_the_watch_would_notice(stage: Stage) -> None:
    page = stage.open()
    page.evaluate("fetch('https://exemplo.example/x').catch(() => 0)")
    page.evaluate("setTimeout(() => { throw new Error('quebrou'); })")
    expect(page.locator("h1")).to_be_visible()
    said = "\n".join(stage.watch.problems)
    assert "policy connect-src" in said
    assert "quebrou" in said
    stage.watch.problems.clear()
