"""Translators between recado's words and each WhatsApp provider's. Pure: no database, no queue, no settings."""
