"""Message templates as the provider knows them. Owns `template`, `template_change`, `template_sync`."""
