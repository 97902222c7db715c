"""The composition root: the only place that knows settings and concrete providers."""
