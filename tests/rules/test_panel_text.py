"""Text that somebody wrote is shown as text, whatever it is."""

from __future__ import annotations

from html.parser import HTMLParser
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.web.panel.markup import clean, plain, rich

ALLOWED = {
    "bdi": {"class", "dir"},
    "br": set(),
    "strong": set(),
    "em": set(),
    "s": set(),
    "code": {"class"},
    "a": {"href", "rel", "target"},
}
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "'\"><b onmouseover=alert(1)>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://a.example",
    "data:text/html,<script>1</script>",
    "https://a.example/'onmouseover='alert(1)",
    'https://a.example/"><script>1</script>',
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} <%= 7 %>",
    "{{ request.app.state.services }}",
    "\u202egpj.exe\u202c",
    "\u2066abc\u2069",
    "a\x00b\x07c\x1b[31m",
    "مرحبا بالعالم https://a.example/مرحبا",
    "👩‍👩‍👧‍👦" * 50,
    "*_~`*_~`" * 100,
    "```" * 50,
    "*a* _b_ ~c~ `d` ```e```",
    "&lt;b&gt; &amp; &#x3c;",
    "</bdi></p></main><form action=https://evil.example>",
    "x" * 4096,
    "\ud800 alone",
    "\u2028line\u2029paragraph",
    "<!-- --><![CDATA[x]]>",
)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED or {name for name, _ in attrs} - ALLOWED[tag]:
            self.found.append(f"<{tag} {attrs}>")
        if tag != "br":
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(str(rich(text)))
    reader.close()
    return reader


def check(text: str) -> None:
    reader = read(text)
    assert reader.found == []
    assert reader.open == []
    assert all(link.lower().startswith(("http://", "https://")) for link in reader.links)
    assert "<" not in str(plain(text))
    assert "\x00" not in str(rich(text)) + str(plain(text))


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_are_only_text(text: str) -> None:
    check(text)


def test_three_hundred_mixtures_are_only_text() -> None:
    chance = Random(20261122)
    for _ in range(300):
        check("".join(chance.choices(ATTACKS, k=3))[: chance.randint(1, 4096)])


@given(st.text(alphabet=st.sampled_from("*_~`ab <>&'\" \n:/hpst.\u202e\x00é👍"), max_size=200))
def test_anything_is_only_text(text: str) -> None:
    check(text)


@given(st.text(max_size=300))
def test_nothing_somebody_wrote_is_lost(text: str) -> None:
    shown = read(text).text
    kept = [one for one in clean(text) if one not in "*_~`\n" and not one.isspace()]
    assert [one for one in shown if one not in "*_~`\n" and not one.isspace()] == kept


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("*oi*", "<strong>oi</strong>"),
        ("_oi_", "<em>oi</em>"),
        ("~oi~", "<s>oi</s>"),
        ("`oi`", "<code>oi</code>"),
        ("*_oi_*", "<strong><em>oi</em></strong>"),
        ("2*3*4", "2*3*4"),
        ("snake_case_name", "snake_case_name"),
        ("* oi*", "* oi*"),
        ("*oi *", "*oi *"),
        ("**", "**"),
        ("```a\n*b*```", "<code class='block'>a\n*b*</code>"),
        ("`*x*`", "<code>*x*</code>"),
        ("a\nb", "a<br>b"),
        ("*a\nb*", "*a<br>b*"),
    ],
)
def test_marks_are_those_of_whatsapp(said: str, shown: str) -> None:
    assert str(rich(said)) == f"<bdi class='said' dir='auto'>{shown}</bdi>"


def test_links_keep_their_end_and_give_nothing_away() -> None:
    reader = read("Veja https://recado.invalid/a_b_c?x=1&y=2. E (http://a.example/z)!")
    assert reader.links == ["https://recado.invalid/a_b_c?x=1&y=2", "http://a.example/z"]
    assert "rel='noopener noreferrer nofollow ugc'" in str(rich("https://a.example"))


def test_a_line_is_cut_and_has_no_breaks() -> None:
    assert str(plain("um\n dois   três\x00", 7)) == "um doi…"
    assert str(plain(None)) == ""
    assert str(plain("<b>", 10)) == "&lt;b&gt;"


def test_long_texts_full_of_marks_take_no_time() -> None:
    """Each mark is looked for once: four times the text takes about four times as long, not sixteen."""
    for one in ("*a ", "_a ", "*_~`", "`"):
        check(one * (4096 // len(one)))
