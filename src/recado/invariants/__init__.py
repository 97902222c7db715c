"""The promises as queries: each returns no row while it holds. Owns `invariant_run`; reads everything."""
