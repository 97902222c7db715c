"""What several test folders need; the fixtures built from it are in tests/conftest.py."""
