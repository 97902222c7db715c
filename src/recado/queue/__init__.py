"""Durable jobs: work that follows from a fact, written in the fact's transaction. Owns `job`."""
