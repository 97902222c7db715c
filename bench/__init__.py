"""Benchmarks: `python -m bench [intake|loop|latency|growth|all]`. They start and clean up everything themselves.

Results are ratios against a ceiling or a peer measured in the same run; nothing here passes or fails.
"""
