"""What `linestop doctor` looks at: this machine (machine.py) and one repository (repository.py)."""
