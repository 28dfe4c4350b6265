"""The model proxy: the only way out of a sandbox. Keys are put in here, usage is counted, budgets are held."""
