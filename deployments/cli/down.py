"""`linestop down`: stops what `up` started, and a server that another command left behind."""

from rich.console import Console

from linestop.deployments.cli.options import Json
from linestop.deployments.server import recorded_server, stop_server
from linestop.deployments.supervision import stop_supervisor, supervised
from linestop.home import working_in, workplaces


def down(*, json_: Json = False) -> int:
    """Stop supervisor, worker, webhook receiver and server. Stopping what doesn't run does nothing.

    For example:
        linestop down

    Runs in progress end; the next `linestop execute` goes on from what they finished.

    Parameters
    ----------
    json_
        Print what was stopped as JSON.
    """
    parts, server = 0, False
    for place in workplaces():  # a home that couldn't be written for a while has left a server in another
        with working_in(place):
            if supervised():
                parts += stop_supervisor()
            if recorded_server():
                server |= stop_server()
    out = Console(highlight=False)
    if json_:
        out.print_json(data={"processes": parts, "server": server})
    elif parts or server:
        out.print("stopped: " + ", ".join(_stopped(parts=bool(parts), server=server)))
    else:
        out.print("nothing was running")
    return 0


def _stopped(*, parts: bool, server: bool) -> list[str]:
    return (["supervisor, worker and webhook receiver"] if parts else []) + (["server"] if server else [])
