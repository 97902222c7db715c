"""Crash harness: real processes are killed at named places; four ledgers must agree afterwards."""
