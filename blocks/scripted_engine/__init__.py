"""ScriptedEngine: plays a scenario with real effects."""
