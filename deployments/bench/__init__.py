"""What linestop costs over the bare commands, each as a ratio in one run: `python -m linestop.deployments.bench`."""
