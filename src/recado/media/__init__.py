"""Files in both directions: formats, sizes, where the bytes are. Owns `media`, `media_upload`."""
