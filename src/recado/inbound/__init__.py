"""Raw bodies (ledger, append-only), the projector that turns them into facts, dead letters, orphans.

Owns `ledger`, `ledger_work`, `orphan_event`.
"""
