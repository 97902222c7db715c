"""English is complete: every sentence the panel can say, and nothing it no longer says."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.support.repository import ROOT


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_sentence_has_english_and_every_english_sentence_is_said() -> None:
    assert loaded().complaints() == []


def test_sentences_are_found_in_templates_and_in_code() -> None:
    found = loaded().sources()
    assert "Pular para o conteúdo" in found
    assert "Senha trocada. Os outros aparelhos saíram." in found
    assert ("%(n)s dia", "%(n)s dias") in found
    assert "Na fila" in found
