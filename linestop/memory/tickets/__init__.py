"""What one ticket learned: failures with their signatures, signs, reflections, corrections. Gone with nobody's run."""

from linestop.memory.tickets.model import Correction, Failure, Reflection, Sign, Tally

__all__ = ["Correction", "Failure", "Reflection", "Sign", "Tally"]
