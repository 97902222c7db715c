"""Operations: health, metrics, the API page, the staging door."""
