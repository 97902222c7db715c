"""The shared sample requests: accepted, or refused for a reason written down here.

The samples live beside the repository and may be absent; the last test here keeps the same promise
with payloads of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recado.messages.content import Draft, MarkRead, parse_draft, parse_mark_read

SAMPLES = Path(__file__).resolve().parents[3].parent / "shared" / "corpus" / "open"
FILES = sorted(SAMPLES.glob("request-send-*.json"))
TO = "+5520955500111"

# Fields named by the violations of samples that are refused on purpose.
BOTH = {""}  # `to` and `recipient` together: Meta lets `to` win in silence, recado asks which
REFUSED: dict[str, set[str]] = {
    # placeholders of the documentation instead of values
    "audio--message-by-url": {"audio.link"},
    "audio--reply-to-message-by-id": {"audio.id"},
    "audio--syntax": {"audio.id"},
    "document--message-by-id": {"document.id"},
    "document--reply-to-message-by-url": {"document.link"},
    "image--message-by-url": {"image.link"},
    "image--reply-to-message-by-id": {"image.id"},
    "sticker--message-by-url": {"sticker.link"},
    "video--message-by-url": {"video.link"},
    "video--reply-to-message-by-url": {"video.link"},
    "interactive-address-message--an-to-a-user-2": {"to"},
    "template-header-image-tap-target-configuration--example": {"to"},
    "template-body--message-text": {"template.name", "template.language.code"},
    "template-button-flow--message": {"template.name"},
    "template-button-quick-reply-header-image--message-interactive": {
        "template.name",
        "template.language.code",
        "template.components[0].parameters[0].image.link",
    },
    "template-button-url--exemplo-de-carga-de-mensagem-de-modelo-com-experi": {
        "template.name",
        "template.language.code",
    },
    # a frame without the interactive object it is about
    "interactive--step-3-add-common-message-parameters": {"interactive.type"},
    # texts replaced when the sample was anonymised, now longer than a title may be
    "interactive-list--example": {
        "interactive.action.sections[1].rows[0].title",
        "interactive.action.sections[1].rows[1].title",
    },
    "interactive-voice-call--body": BOTH,
    "template-bare--step-4-test-your-messaging-functionality": BOTH,
    "template-body": BOTH,
    "template-button-voice-call--body": BOTH,
    # fields of products recado does not use
    "template-body--parameterized": {"product_policy", "message_activity_sharing"},
    "text--example-message-with-check": {"recipient_identity_key_hash"},
    # an old sample with booleans where a payload belongs; the current reference wants `payload`
    "template-button-quick-reply--sample-issue-resolution": {
        f"template.components[{component}].parameters[0].{field}"
        for component in (1, 2)
        for field in ("type", "payload", "text")
    },
    # wrong on purpose
    "text--over-limit-4097": {"text.body"},
}


def read(path: Path) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    to = payload.get("to")
    if isinstance(to, str) and not to.startswith("+"):
        # Placeholders and numbers without +; recipients have tests of their own.
        payload["to"] = TO
    return payload


@pytest.mark.corpus
@pytest.mark.skipif(not FILES, reason="needs the sample payloads in ../shared/corpus/open")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_documented_requests_are_accepted_or_refused_for_a_known_reason(path: Path) -> None:
    expected = REFUSED.get(path.stem.removeprefix("request-send-"), set())
    result = parse_draft(read(path), None)
    fields = set() if isinstance(result, Draft) else {item.field for item in result}
    assert fields == expected


@pytest.mark.corpus
@pytest.mark.skipif(not FILES, reason="needs the sample payloads in ../shared/corpus/open")
def test_no_reason_outlives_its_sample() -> None:
    stems = {path.stem.removeprefix("request-send-") for path in FILES}
    assert set(REFUSED) <= stems


@pytest.mark.corpus
@pytest.mark.skipif(not FILES, reason="needs the sample payloads in ../shared/corpus/open")
@pytest.mark.parametrize("name", ["request-mark-as-read--syntax", "request-typing-indicator"])
def test_documented_read_receipts_are_accepted(name: str) -> None:
    payload = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(parse_mark_read(payload), MarkRead)


@pytest.mark.parametrize(
    "payload",
    [
        {"text": {"body": "Olá! Quero remarcar."}},
        {"type": "audio", "audio": {"id": "1535828414102651", "voice": True}},
        {"type": "location", "location": {"latitude": "37.44", "longitude": "-122.16"}},
        {
            "type": "template",
            "template": {
                "name": "ofertas",
                "language": {"policy": "deterministic", "code": "pt_BR"},
                "components": [
                    {
                        "type": "button",
                        "sub_type": "CATALOG",
                        "index": 0,
                        "parameters": [
                            {
                                "type": "action",
                                "action": {"thumbnail_product_retailer_id": "vela-aurora"},
                            }
                        ],
                    }
                ],
            },
        },
        {
            "type": "interactive",
            "interactive": {
                "type": "BUTTON",
                "body": {"text": "Confirma?"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "SIM"}}]},
            },
        },
    ],
)
def test_documented_shapes_without_the_corpus(payload: dict[str, Any]) -> None:
    frame = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": TO}
    assert isinstance(parse_draft(frame | payload, None), Draft)
