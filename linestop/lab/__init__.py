"""The lab's reckoning: verdicts of dispatches, paired tests, power, decision rules, and the notebook of experiments."""
