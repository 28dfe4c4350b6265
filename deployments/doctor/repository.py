"""Looks at one repository: its git state, its policy, its tests and what they need. Runs none of its code."""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.checks.detection import Detection, detect
from linestop.checks.project_files import ProjectFiles
from linestop.deployments.doctor.diagnosis import Diagnosis, PolicyValue, ok, problem
from linestop.deployments.doctor.endpoints import look_at_endpoints
from linestop.deployments.doctor.memory import look_at_memory
from linestop.deployments.doctor.roles import look_at_roles
from linestop.errors import LinestopError
from linestop.paths import Layout, repository_root
from linestop.policy import Policy, load_policy, origins


def look_at_repository(start: Path | None) -> tuple[str, list[Diagnosis], list[PolicyValue]]:
    """Return the repository's root, what was found, and its policy with origins; no root where `start` is in none.

    Nothing named means the working directory, and then it is no problem that it lies in no repository.
    """
    try:
        layout = Layout(repository_root(start or Path()))
    except LinestopError as error:
        none = ok("repository", "none here: name one to look at its policy and tests")
        return "", [_as_problem("repository", error) if start else none], []
    try:
        policy = load_policy(layout)
    except LinestopError as error:
        return str(layout.root), [_base(layout, Policy.model_construct()), _as_problem("policy", error)], []
    values = [PolicyValue(key=key, value=_shown(it), origin=origin) for key, (it, origin) in origins(layout).items()]
    found = [
        _base(layout, policy),
        _policy(layout, values),
        *_checks(layout, policy),
        *look_at_roles(policy, layout.root),
        *look_at_endpoints(policy, os.environ),
        *look_at_memory(layout, policy.memory),
    ]
    return str(layout.root), found, values


def _shown(value: object) -> object:
    """Return a value as a person wrote it: of a table only what is set there."""
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else value


def _base(layout: Layout, policy: Policy) -> Diagnosis:
    try:
        workspaces = GitWorkspaces(layout.root)
        branch = workspaces.base_branch(policy.execution.base)
        return ok("repository", f"{layout.root}, base {branch} at {workspaces.head(branch)[:10]}")
    except LinestopError as error:
        return _as_problem("repository", error)


def _policy(layout: Layout, values: list[PolicyValue]) -> Diagnosis:
    own = sum(value.origin != "default" for value in values)
    where = str(layout.config) if layout.config.is_file() else f"no {layout.config}"
    return ok("policy", f"{own} of {len(values)} values set; {where}")


def _checks(layout: Layout, policy: Policy) -> Iterator[Diagnosis]:
    try:
        detection = detect(ProjectFiles(layout.root), policy.checks)
    except LinestopError as error:
        yield _as_problem("checks", error)
        return
    yield ok("checks", f"{' '.join(detection.command)} (found in {detection.why[0]})")
    if detection.python:
        yield ok("environment", _environment(layout, policy, detection))


def _environment(layout: Layout, policy: Policy, detection: Detection) -> str:
    needs = detection.needs
    extras = [f"the project with [{','.join(needs.extras)}]"] if needs.extras else []
    wanted = (
        ", ".join((*extras, *needs.requirements, *(f"-r {path}" for path in needs.files))) or "nothing beyond Python"
    )
    if policy.checks.python:
        return f"{policy.checks.python} (checks.python of the policy)"
    own = next((name for name in (".venv", "venv") if (layout.root / name / "bin" / "python").is_file()), None)
    first = f"{own} of the repository if it holds them, else " if own else ""
    return f"{first}one that linestop builds; needs {wanted}" + (f" ({needs.why})" if needs.why else "")


def _as_problem(name: str, error: LinestopError) -> Diagnosis:
    return problem(name, error.gist, error.todo)
