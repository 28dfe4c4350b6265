"""Briefs: all that a dispatch is told, within a budget. Pure: what is remembered is given, files are only hashed."""

from linestop.briefs.model import Ask, Block, Brief, LeftOut, Told

__all__ = ["Ask", "Block", "Brief", "LeftOut", "Told"]
