"""PostgreSQL and Valkey from wheels, under one home: the only package that knows that servers can be ours."""
