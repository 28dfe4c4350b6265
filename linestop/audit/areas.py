"""Areas: groups of files that a plan may have for itself, so that the branches of two plans merge without conflict."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from linestop.audit.priority import priority
from linestop.findings import Finding

MAX_FILES = 80  # of a plan: a diff a person still reads
MAX_FINDINGS = 400  # of a plan
FEW = 2  # findings: an area with no more is not worth a plan, a branch and a review of its own
_NAMED = 3  # folders an area is called after
_CONTAINERS = frozenset(("src", "lib", "libs", "python", "packages", "apps", "services"))


@dataclass(frozen=True)
class Area:
    """A folder's files, or a run of them where the folder is too large for one plan, or several small folders'."""

    folder: str
    findings: tuple[Finding, ...]
    folders: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Return its files, sorted."""
        return tuple(sorted({finding.path for finding in self.findings}))

    @property
    def name(self) -> str:
        """Return how a person is told of it."""
        if len(self.folders) > _NAMED:
            return f"{len(self.folders)} folders"
        if self.folders:
            *most, last = (folder or "the top folder" for folder in self.folders)
            return f"{', '.join(most)} and {last}"
        return self.folder or "the top folder"

    @property
    def slug(self) -> str:
        """Return the part of a plan's id that names the area, at most 30 characters."""
        if self.folders:
            return "small-areas"
        parts = [part for part in self.folder.split("/") if part and part not in _CONTAINERS]
        slug = re.sub(r"[^a-z0-9]+", "-", "-".join(parts[-2:]).lower()).strip("-")[:30].strip("-")
        return slug or ("top" if not self.folder else "area")


def areas(findings: Iterable[Finding]) -> tuple[Area, ...]:
    """Return file-disjoint areas, most pressing first; those with hardly a finding come together, last."""
    packages: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        packages[_package(finding.path)].append(finding)
    cut = _gathered([area for package in packages.values() for area in _cut(package)])
    return tuple(sorted(cut, key=_pressing))


def _gathered(found: list[Area]) -> list[Area]:
    """Put the small areas together, as many as one plan holds; a lone one stays as it is."""
    small = sorted((area for area in found if len(area.findings) <= FEW), key=lambda area: area.folder)
    size = MAX_FILES // FEW
    groups = [small[at : at + size] for at in range(0, len(small), size)]
    return [*(area for area in found if len(area.findings) > FEW), *map(_together, groups)]


def _together(group: list[Area]) -> Area:
    if len(group) == 1:
        return group[0]
    return Area("", tuple(one for area in group for one in area.findings), tuple(area.folder for area in group))


def _pressing(area: Area) -> tuple[bool, float, str, tuple[str, ...]]:
    return bool(area.folders), -sum(map(priority, area.findings)), area.folder, area.paths


def _package(path: str) -> str:
    """Return the folder that makes an area: the first, or the second below a container such as src."""
    folders = path.split("/")[:-1]
    return "/".join(folders[: 2 if folders and folders[0] in _CONTAINERS else 1])


def _cut(findings: list[Finding]) -> list[Area]:
    """Cut a package into runs of neighbouring files that keep to the sizes; one huge file is an area of its own."""
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.path].append(finding)
    runs: list[list[str]] = []
    size = 0
    for path in sorted(by_path, key=lambda path: (posixpath.dirname(path), path)):
        if not runs or len(runs[-1]) >= MAX_FILES or size + len(by_path[path]) > MAX_FINDINGS:
            runs.append([])
            size = 0
        runs[-1].append(path)
        size += len(by_path[path])
    return [
        Area(_common([posixpath.dirname(path) for path in run]), tuple(one for path in run for one in by_path[path]))
        for run in runs
    ]


def _common(folders: list[str]) -> str:
    return posixpath.commonpath(folders) if all(folders) else ""
