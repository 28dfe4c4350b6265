"""What linestop remembers of a repository: cautions, lessons, and each ticket's failures, signs and corrections.

`memory.Memory` is what a run uses: it never raises into the run. What a dispatch is told of it is linestop/briefs.
"""
