"""Who did what, append-only and chained. Owns `audit_entry`, `audit_link`. No content, only identifiers."""
