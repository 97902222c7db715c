"""Doors: the only place with FastAPI, Starlette and Jinja. Tenant scope is set here and nowhere else."""
