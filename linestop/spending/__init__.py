"""Spending: what a dispatch's model calls used, in tokens and money, and when it may make no more."""

from linestop.spending.meter import Meter, Pending

__all__ = ["Meter", "Pending"]
