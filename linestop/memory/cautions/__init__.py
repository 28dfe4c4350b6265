"""Cautions: the append-only record of what detectors, guards, checks and clocks saw. One file a run, a folder a day."""

from linestop.memory.cautions.model import Caution, CautionKind

__all__ = ["Caution", "CautionKind"]
