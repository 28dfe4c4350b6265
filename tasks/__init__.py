"""Thin Prefect tasks: one role or step a file, each round pure functions or an adapter."""
