"""What counts as a check run: whatever tells whether the work works. Tests, linters, compilers, the program itself."""

import re
from functools import lru_cache

from linestop.events import Action
from linestop.watch.trail import Call

_MAX_COMMAND = 2_000  # characters looked at
_CHECKS = re.compile(
    r"(?:^|[\s;&|(/])(?:"
    r"pytest|py\.test|unittest|tox|nox|mypy|pyright|ruff\s+check|flake8|pylint|compileall|py_compile|doctest"
    r"|make|ninja|cmake\s+--build|ctest|meson\s+test|bazel\s+(?:test|build|run)|buck2?\s+(?:test|build)"
    r"|(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:test|t|lint|build|check|typecheck|start)\S*|npx\s+\S+|jest|vitest|mocha"
    r"|eslint|tsc|cargo\s+(?:test|check|build|clippy|run|nextest)|go\s+(?:test|vet|build|run)|mvn|gradlew?|sbt"
    r"|dotnet\s+(?:test|build|run)|rspec|rake|phpunit|rubocop|swift\s+(?:test|build)|mix\s+test|gcc|g\+\+|clang|javac"
    r"|(?:python[\d.]*|node|deno|ruby|perl|php|bash|sh|java|lua)\s+\S|\./\S|tests?\.sh|run_?tests?\S*"
    r")(?=$|[\s;&|)])|(?:python[\d.]*|node|bash|sh|ruby|perl)\s+\S|\./\w"
)


def is_check(call: Call) -> bool:
    """Return whether a call, whatever came of it, told its agent how the work stands."""
    if call.action == Action.RUN and call.command:
        return not call.inert and is_check_command(call.command[:_MAX_COMMAND])
    return call.action in (Action.RUN, Action.OTHER) and _named_check(call.tool)


@lru_cache(maxsize=4096)
def is_check_command(command: str) -> bool:
    """Return whether a shell command runs checks, or the program that is worked on."""
    return bool(_CHECKS.search(command))


@lru_cache(maxsize=512)
def _named_check(tool: str) -> bool:
    return bool(re.search(r"(?:^|[^a-z])(?:checks?|tests?|lint|build|diagnostics|get_?diagnostics)", tool.lower()))
