"""Messages: what a tenant asks to send, and what becomes of it."""
