"""Meta's WhatsApp Cloud API in recado's words. A pure translator: no database, queue or settings.

`provider.build` is the way in. `payload` writes requests, `client` and `media` talk HTTP, `errors`
with `codes` judges refusals, `signature` and `parse` (with `wire`, `people`, `messages`,
`statuses`, `coexistence`, `accounts`) read webhooks. Facts: Meta's documentation, November 2026.
"""
