"""WABAs, sending numbers and their lanes. Owns `waba`, `phone_number`, `route`, `lane` (pace and pauses)."""
