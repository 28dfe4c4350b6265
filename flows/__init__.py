"""The loops, one a file: audit, execution, ticket, documentation."""
