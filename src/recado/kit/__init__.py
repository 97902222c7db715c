"""Pure building blocks: clock, ids, phone, crypto, redaction, reasons, failpoints. Imports nothing above itself."""
