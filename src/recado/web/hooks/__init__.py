"""Providers knocking: verify, write down, answer. Nothing is parsed here, so nothing can break here."""
