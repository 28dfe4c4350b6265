"""Whatever starts a run: command line, server, webhook receiver, schedules."""
