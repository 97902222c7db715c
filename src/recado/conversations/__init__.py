"""Contacts (BSUID first, phone nullable), conversations and the customer-service window.

Owns `contact`, `contact_identity`, `conversation`.
"""
