"""Other outsiders behind thin ports: where bytes of files live, and later mail, language models, alerts."""
