"""What changed just now, told to whoever is looking: ids only, never content."""
