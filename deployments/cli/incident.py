"""`linestop incident`: list, show and close line stops. What must be there before one closes is linestop/incidents/."""

import getpass
import sys
from pathlib import Path

from cyclopts import App

from linestop.deployments.cli.incident_page import page
from linestop.deployments.cli.options import Everything, Json, Repo
from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.errors import UsageError
from linestop.incidents import IncidentStore, Prevention, Sweep, Why
from linestop.paths import Layout, repository_root

COLUMNS = ("incident", "state", "scope", "subject", "class", "confidence", "opened", "what")
WHY_PARTS = 3

incident = App(
    name="incident",
    help="List, show and close line stops.",
    usage="""Usage: linestop incident COMMAND

Examples:
    linestop incident list
    linestop incident show 20261121-064800-3fa9c1
    linestop incident close 20261121-064800-3fa9c1 --help
""",
    help_format="plaintext",
)


@incident.command(name="list")
def list_(
    *,
    everything: Everything = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show the open incidents of a repository, and those of the fleet; oldest first.

    Examples:
        linestop incident list
        linestop incident list --all --json

    Parameters
    ----------
    everything
        The closed ones too.
    json_
        Print them as JSON.
    """
    found = [one for one in _store(repo).list() if everything or one.is_open]
    if json_:
        sys.stdout.write("[" + ",\n".join(one.model_dump_json(indent=2) for one in found) + "]\n")
    elif found:
        rows = [
            (one.id, one.state, one.scope, one.subject, one.failure_class, one.confidence, one.opened, one.what)
            for one in found
        ]
        sys.stdout.write(text_table(COLUMNS, rows, width=terminal_width(), whole=COLUMNS[:1]) + "\n")
    else:
        sys.stderr.write("no incident" + (" ever\n" if everything else " is open\n"))
    return 0


@incident.command
def show(incident_id: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Show one incident: its evidence, its class, its five whys, and what is missing before it may close.

    Examples:
        linestop incident show 20261121-064800-3fa9c1
        linestop incident show 20261121-064800-3fa9c1 --json | jq .evidence

    Parameters
    ----------
    incident_id
        As `linestop incident list` names it.
    json_
        Print it as JSON.
    """
    found = _store(repo).get(incident_id)
    sys.stdout.write((found.model_dump_json(indent=2) if json_ else page(found, width=terminal_width())) + "\n")
    return 0


@incident.command
def close(
    incident_id: str,
    /,
    *,
    why: str,
    root_cause: str = "",
    prevention: str = "",
    sweep: str = "",
    sibling: tuple[str, ...] = (),
    because: tuple[str, ...] = (),
    who: str = "",
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    r"""Close an incident, as a person, with all that it takes: answers to the five whys, cause, prevention, sweep.

    Examples:
        linestop incident close 20261121-064800-3fa9c1 --why "libxml2 is in the image, the run is green" \
            --because "the module isn't built | pip's log says so | confirmed" \
            --because "its headers are missing | dpkg -l libxml2-dev | confirmed" \
            --because "the image was changed | git log image/ | confirmed" \
            --because "nothing tests the image | read .ci/run | confirmed" \
            --root-cause "the image is changed without a build" --prevention "L2: build it in CI" \
            --sweep "all images: two more lacked it, both mended" --sibling image-web --sibling image-jobs

    Parameters
    ----------
    incident_id
        As `linestop incident list` names it.
    why
        Why the line may go on.
    root_cause
        What the last why led to.
    prevention
        Level and action: L1 impossible, L2 detected, L3 written down, L4 somebody is told.
    sweep
        Where siblings were looked for.
    sibling
        A sibling that was found; may be given several times.
    because
        One answer to a why that has none yet, in order: hypothesis | verification | conclusion.
    who
        Who closes it; by default your login name.
    json_
        Print the closed incident as JSON.
    """
    closed = _store(repo).close(
        incident_id,
        who=who or getpass.getuser(),
        why=why,
        person=True,
        root_cause=root_cause,
        prevention=_prevention(prevention) if prevention else None,
        sweep=Sweep(searched=sweep, found=sibling) if sweep else None,
        whys=tuple(_answer(text) for text in because),
    )
    sys.stdout.write((closed.model_dump_json(indent=2) if json_ else f"incident {closed.id} is closed") + "\n")
    if closed.ticket:
        sys.stderr.write(f"next: linestop ticket release {closed.ticket}\n")
    return 0


def _store(repo: Path) -> IncidentStore:
    return IncidentStore(Layout(repository_root(repo)))


def _prevention(text: str) -> Prevention:
    level, _, action = (part.strip() for part in text.partition(":"))
    match level.upper():
        case "L1" | "L2" | "L3" | "L4" as known if action:
            return Prevention(level=known, action=action)
    raise UsageError("the prevention has no level", found=text, todo='write it as "L2: what is detected, and where"')


def _answer(text: str) -> Why:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != WHY_PARTS or not all(parts):
        raise UsageError(
            "an answer to a why has three parts", found=text, todo='"hypothesis | verification | conclusion"'
        )
    return Why(hypothesis=parts[0], verification=parts[1], conclusion=parts[2])
