"""Companies, their API keys and their encryption key. Owns `tenant`, `api_key`, `installation`."""
