"""PostgreSQL: pools, transactions with a tenant scope, migrations, named SQL.

The only place that knows the driver.
"""
