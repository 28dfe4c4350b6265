"""The audit's core: findings in, plans out. Scanners run in blocks/scanners.py, git in blocks/plan_branch.py.

sarif reads what sources print; deduplication, priority, areas, chunks and planning turn findings into plans; validation
judges a plan, plan_files writes and reads it.
"""
