"""Briefs: all that a dispatch is told, within a budget. Pure: what is remembered is given, files are only hashed."""

from linestop.briefs.bare import bare_brief
from linestop.briefs.budget import Shares, budget_chars, shares
from linestop.briefs.compose import compose
from linestop.briefs.fences import fenced
from linestop.briefs.model import Ask, Block, Brief, LeftOut, Told
from linestop.briefs.play import InPlay, in_play

__all__ = [
    "Ask",
    "Block",
    "Brief",
    "InPlay",
    "LeftOut",
    "Shares",
    "Told",
    "bare_brief",
    "budget_chars",
    "compose",
    "fenced",
    "in_play",
    "shares",
]
