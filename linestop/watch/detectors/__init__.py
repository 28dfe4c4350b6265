"""The detectors, one file each (SPEC.md section 5, docs/watch.md). Their order is the order in which they are asked."""

from collections.abc import Callable

from linestop.watch.detectors.chant import Chant
from linestop.watch.detectors.context_pressure import ContextPressure
from linestop.watch.detectors.cost import Cost
from linestop.watch.detectors.cycle import Cycle
from linestop.watch.detectors.denial_wall import DenialWall
from linestop.watch.detectors.edit_thrash import EditThrash
from linestop.watch.detectors.failing_call import FailingCall
from linestop.watch.detectors.failures import Failures
from linestop.watch.detectors.no_progress import NoProgress
from linestop.watch.detectors.reasoning_loop import ReasoningLoop
from linestop.watch.detectors.repeat import Repeat
from linestop.watch.detectors.runaway_search import RunawaySearch
from linestop.watch.detectors.same_result import SameResult
from linestop.watch.detectors.silence import Silence
from linestop.watch.settings import WatchSettings
from linestop.watch.watch import Detector

ALL: tuple[Callable[[WatchSettings], Detector], ...] = (
    Repeat,
    Cycle,
    SameResult,
    Failures,
    FailingCall,
    DenialWall,
    ReasoningLoop,
    Chant,
    RunawaySearch,
    EditThrash,
    NoProgress,
    Silence,
    ContextPressure,
    Cost,
)


def detectors_for(settings: WatchSettings) -> tuple[Detector, ...]:
    """Return fresh detectors for one dispatch, without those that are off."""
    return tuple(one for one in (make(settings) for make in ALL) if one.name not in settings.off)
