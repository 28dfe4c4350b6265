"""Machine fixes as pure functions: positions, edits, which fixes to apply, which to leave out, and how to say so.

Running ruff and writing files is blocks/ruff_fixes.py; the engine that uses both is blocks/static_engine.py.
"""
