"""Plays Meta's WhatsApp Cloud API and the phones of its customers, on this machine only.

Knows nothing of the product: it is started as a process of its own and reached over HTTP, so that
it can share neither the product's types nor its mistakes.
"""
