"""The tenant API under `/api/v1`."""
