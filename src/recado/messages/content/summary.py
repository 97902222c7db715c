"""A content in a few words, for lists and notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_PREVIEW = 160
DEFAULT_LOCALE = "pt-BR"

_WORDS: Mapping[str, Mapping[str, str]] = {
    "pt-BR": {
        "image": "📷 Foto",
        "video": "🎥 Vídeo",
        "audio": "🎵 Áudio",
        "voice": "🎤 Mensagem de voz",
        "document": "📄 Documento",
        "sticker": "🙂 Figurinha",
        "location": "📍 Localização",
        "contact": "👤 Contato",
        "contacts": "👤 {count} contatos",
        "reaction": "Reagiu com {emoji}",
        "reaction_removed": "Removeu a reação",
        "template": "📋 Modelo: {name}",
        "interactive": "🔘 Mensagem com opções",
        "list": "📃 Lista de opções",
        "cta_url": "🔗 Link",
        "flow": "📝 Formulário",
        "product": "🛍️ Produto",
        "product_list": "🛍️ Produtos",
        "catalog_message": "🛍️ Catálogo",
        "location_request_message": "📍 Pedido de localização",
        "request_contact_info": "👤 Pedido de telefone",
        "address_message": "🏠 Pedido de endereço",
        "nfm_reply": "📝 Formulário respondido",
        "order": "🛒 Pedido",
        "other": "Mensagem",
    },
    "en": {
        "image": "📷 Photo",
        "video": "🎥 Video",
        "audio": "🎵 Audio",
        "voice": "🎤 Voice message",
        "document": "📄 Document",
        "sticker": "🙂 Sticker",
        "location": "📍 Location",
        "contact": "👤 Contact",
        "contacts": "👤 {count} contacts",
        "reaction": "Reacted with {emoji}",
        "reaction_removed": "Removed a reaction",
        "template": "📋 Template: {name}",
        "interactive": "🔘 Message with options",
        "list": "📃 List of options",
        "cta_url": "🔗 Link",
        "flow": "📝 Form",
        "product": "🛍️ Product",
        "product_list": "🛍️ Products",
        "catalog_message": "🛍️ Catalogue",
        "location_request_message": "📍 Location request",
        "request_contact_info": "👤 Phone number request",
        "address_message": "🏠 Address request",
        "nfm_reply": "📝 Form answered",
        "order": "🛒 Order",
        "other": "Message",
    },
}
Words = Mapping[str, str]


def preview(content: Mapping[str, Any], locale: str = DEFAULT_LOCALE) -> str:
    """One line of at most 160 characters: the text itself, or what kind of thing it is.

    Takes contents that were received as well as those to be sent, and never raises: a kind it does
    not know is "Mensagem". A locale it does not know counts as pt-BR.
    """
    words = _WORDS.get(locale) or _WORDS["en" if locale.lower().startswith("en") else "pt-BR"]
    kind = content.get("type")
    body = content.get(kind) if isinstance(kind, str) else None
    describe = _DESCRIPTIONS.get(kind, _other) if isinstance(kind, str) else _other
    return _one_line(describe(body, words, str(kind)))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_PREVIEW else line[: MAX_PREVIEW - 1].rstrip() + "…"


def _at(body: Any, *path: str) -> str:
    """The text at a path, or an empty one."""
    for step in path:
        body = body.get(step) if isinstance(body, Mapping) else None
    return body if isinstance(body, str) else ""


def _text(body: Any, words: Words, kind: str) -> str:
    return _at(body, "body") or words["other"]


def _media(body: Any, words: Words, kind: str) -> str:
    caption = _at(body, "caption") or _at(body, "filename")
    return f"{words[kind]}: {caption}" if caption else words[kind]


def _audio(body: Any, words: Words, kind: str) -> str:
    voice = isinstance(body, Mapping) and body.get("voice") is True
    return words["voice" if voice else "audio"]


def _location(body: Any, words: Words, kind: str) -> str:
    name = _at(body, "name") or _at(body, "address")
    return f"{words['location']}: {name}" if name else words["location"]


def _contacts(body: Any, words: Words, kind: str) -> str:
    if not isinstance(body, list) or len(body) < 2:
        name = _at(body[0], "name", "formatted_name") if isinstance(body, list) and body else ""
        return f"{words['contact']}: {name}" if name else words["contact"]
    return words["contacts"].format(count=len(body))


def _reaction(body: Any, words: Words, kind: str) -> str:
    emoji = _at(body, "emoji")
    return words["reaction"].format(emoji=emoji) if emoji else words["reaction_removed"]


def _template(body: Any, words: Words, kind: str) -> str:
    return words["template"].format(name=_at(body, "name"))


def _interactive(body: Any, words: Words, kind: str) -> str:
    # Received answers carry the title the person tapped; messages to be sent carry a body.
    answer = _at(body, "button_reply", "title") or _at(body, "list_reply", "title")
    label = words.get(_at(body, "type"), words["interactive"])
    return answer or _at(body, "body", "text") or label


def _button(body: Any, words: Words, kind: str) -> str:
    return _at(body, "text") or words["other"]


def _named(body: Any, words: Words, kind: str) -> str:
    return words[kind]


def _other(body: Any, words: Words, kind: str) -> str:
    return words["other"]


_DESCRIPTIONS: Mapping[str, Callable[[Any, Words, str], str]] = {
    "text": _text,
    "image": _media,
    "video": _media,
    "document": _media,
    "audio": _audio,
    "sticker": _named,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "template": _template,
    "interactive": _interactive,
    "button": _button,
    "order": _named,
}
