"""Who did what. Owns `audit_entry` (append-only). Content never goes in, only identifiers."""
