"""The watch: detectors over events, and what is done when one fires. Reads events; never raises into a run."""

from linestop.watch.firing import Firing, Severity
from linestop.watch.ladder import Ladder, Rung, ladder_for
from linestop.watch.live import LiveLog
from linestop.watch.trail import Call, Trail
from linestop.watch.watch import Detector, Watch

__all__ = ["Call", "Detector", "Firing", "Ladder", "LiveLog", "Rung", "Severity", "Trail", "Watch", "ladder_for"]
