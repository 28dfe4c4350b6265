"""Adapters of the ports: git, processes, scanners, trackers, engines, and the Prefect blocks that configure them."""
