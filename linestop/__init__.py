"""linestop runs coding agents unattended on a git repository and can prove what they did."""

__version__ = "0.1.0"
