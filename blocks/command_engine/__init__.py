"""CommandEngine: an agent's own command line, in a sandbox, watched while it runs."""
