"""ModelEngine: linestop's own agent loop on a model, in parts."""
