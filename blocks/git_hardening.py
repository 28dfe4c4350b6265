"""What keeps git from running anybody's commands on linestop's behalf: settings, environment, and names to blank.

A cloned repository brings no configuration, an unpacked one does: hooks, filters, drivers, helpers, programs.
"""

import os
import re
from collections.abc import Iterable

ALWAYS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "core.attributesFile": "/dev/null",
    "core.sparseCheckout": "false",  # a workspace holds all files, whatever the owner's checkout shows
    "commit.gpgSign": "false",
    "diff.external": "",
    "diff.ignoreSubmodules": "none",
    "diff.orderFile": "/dev/null",
    "diff.noprefix": "false",
    "diff.mnemonicPrefix": "false",
    "gc.auto": "0",
    "i18n.commitEncoding": "UTF-8",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "advice.detachedHead": "false",
    "advice.graftFileDeprecated": "false",  # GIT_GRAFT_FILE below would put this hint into every error
    "advice.addEmbeddedRepo": "false",
}
ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "linestop",
    "GIT_AUTHOR_EMAIL": "linestop@localhost.invalid",
    "GIT_COMMITTER_NAME": "linestop",
    "GIT_COMMITTER_EMAIL": "linestop@localhost.invalid",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "false",
    "GIT_ALLOW_PROTOCOL": "none",  # nothing is fetched or pushed here, also not by a partial clone
    "GIT_NO_REPLACE_OBJECTS": "1",  # refs/replace would show the guards another commit than the one delivered
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_LITERAL_PATHSPECS": "1",  # a file may be named `:(exclude)*`
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C.UTF-8",
}
# Every key whose value git runs as a command; blank is "none". `required` would turn a blank filter into an error.
_PROGRAMS = re.compile(
    r"filter\..*\.(?:clean|smudge|process|required)"
    r"|diff\..*\.(?:command|textconv)|merge\..*\.driver|pager\..*|gpg(?:\..*)?\.program"
    r"|core\.(?:sshcommand|editor|pager|askpass|gitproxy|alternaterefscommand)|sequence\.editor"
    r"|credential\.(?:.*\.)?helper|uploadpack\.packobjectshook|trailer\..*\.(?:command|cmd)"
    r"|remote\..*\.(?:uploadpack|receivepack|vcs)|interactive\.difffilter|web\.browser|help\.browser",
    re.IGNORECASE | re.DOTALL,
)


def overrides(names: Iterable[str]) -> dict[str, str]:
    """Return the settings that every git command gets, given all the names that its configuration sets."""
    blank = {name: "false" if name.endswith(".required") else "" for name in names if _PROGRAMS.fullmatch(name)}
    return {**blank, **ALWAYS}


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return a process's environment with `settings`, and without any GIT_ variable of whoever started linestop.

    GIT_INDEX_FILE and GIT_DIR are set where linestop is started from a git hook: they would turn our writes on the
    owner's own index. Settings go by variables, not by `-c`, since a filter's name may hold an equals sign.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    numbered: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(settings))}
    for place, (name, value) in enumerate(settings.items()):
        numbered |= {f"GIT_CONFIG_KEY_{place}": name, f"GIT_CONFIG_VALUE_{place}": value}
    return {**inherited, **ENVIRONMENT, **numbered}
