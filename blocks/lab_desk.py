"""Where an experiment is made ready: from an order, or from an entry of the notebook, to a bench with its first pair.

What runs there is trials.py; the command line and the flow both begin here.
"""

from pathlib import Path

from pydantic import ValidationError

from linestop.blocks.line import Line
from linestop.blocks.memory_gate import require_own
from linestop.blocks.trial_briefs import Tried
from linestop.blocks.trial_experiments import of_experiment
from linestop.blocks.trial_fixture import fixture_layouts, fixture_of
from linestop.blocks.trial_subjects import again, find_tried
from linestop.blocks.trials import Bench, Say, begun
from linestop.errors import RepositoryError, UsageError
from linestop.lab.entry import Caps, Entry
from linestop.lab.notebook import Notebook, find_entry
from linestop.lab.order import LabOrder
from linestop.lab.reading import experiment_named
from linestop.lab.rule import Rule
from linestop.paths import Layout, repository_root
from linestop.policy import Policy, load_policy
from linestop.ports import Preflight
from linestop.text import plain


def bench_of(order: LabOrder, *, say: Say = lambda _: None) -> Bench:
    """Return the bench of an order. Nothing is written, apart from the repository of an experiment file.

    Raises:
        UsageError: the task is unknown, or memory would inject nothing for it.
        PolicyError, ToolError: its engine can't be used here.
    """
    experiment = experiment_named(order.task)
    engine = order.engine or ""
    if experiment:
        tried, rule = of_experiment(experiment, engine, policy=_policy(order.repository)), experiment.rule
    else:
        tried, rule = find_tried(_line(order.repository), order.task, engine), Rule()
    caps = Caps(usd=order.max_usd, tokens=order.max_tokens, pairs=order.max_pairs)
    entry = begun(tried, _ruled(rule, order), caps)
    if isinstance(tried.engine, Preflight) and not order.dry_run:
        limits = tried.subject.without.limits
        tried.engine.preflight(limits.model_copy(update={"usd": caps.usd or limits.usd}))
    return _bench(tried, entry, say)


def bench_again(notebook: Notebook, entry: Entry, *, repository: str | Path = "", say: Say = lambda _: None) -> Bench:
    """Return the bench that runs an entry once more, from its own inputs: the same briefs, rule, caps and commit.

    The endpoints of an experiment file's engine are those of `repository`'s policy, where there is one.

    Raises:
        UsageError, PolicyError, ToolError: they can't be used any more.
    """
    line = Line(fixture_of(entry.experiment) if entry.experiment else notebook.layout.root)
    policy = _policy(repository) if entry.experiment else None
    engine = again(line, entry.subject, entry.experiment, policy=policy)
    tried = Tried(line, entry.subject, engine, entry.question, entry.experiment)
    return _bench(tried, begun(tried, entry.rule, entry.caps, again_of=entry.id), say)


def notebooks(repository: str | Path) -> tuple[Notebook, ...]:
    """Return the notebook of the repository at a path, if there is one, and those of all experiment files.

    Raises:
        RepositoryError: the repository commits what only linestop writes.
    """
    layouts = {layout.root: layout for layout in fixture_layouts()}
    try:
        here = Layout(repository_root(Path(repository)))
    except RepositoryError:
        return tuple(Notebook(layout) for layout in layouts.values())
    require_own(here)
    layouts = {here.root: here} | layouts
    return tuple(Notebook(layout) for layout in layouts.values())


def entry_named(repository: str | Path, word: str) -> tuple[Notebook, Entry]:
    """Return the entry that a word means, with its notebook.

    Raises:
        UsageError: none or more than one is called so.
    """
    return find_entry(notebooks(repository), word)


def _bench(tried: Tried, entry: Entry, say: Say) -> Bench:
    return Bench(tried.line, tried.engine, entry, Notebook(tried.line.layout), say=say)


def _policy(repository: str | Path) -> Policy | None:
    """Return the policy of the repository at a path, None where there is none.

    Raises:
        PolicyError: it can't be used.
    """
    try:
        return load_policy(Layout(repository_root(Path(repository))))
    except RepositoryError:
        return None


def _line(repository: str) -> Line | None:
    try:
        return Line(Layout(repository_root(Path(repository))).root)
    except RepositoryError:
        return None


def _ruled(rule: Rule, order: LabOrder) -> Rule:
    """Return the rule with what the order says of it.

    Raises:
        UsageError: the effect and what is worse than before don't fit together.
    """
    said = {
        "pairs": order.pairs, "alpha": order.alpha, "power": order.power, "better": order.effect, "margin": order.margin
    }  # fmt: skip
    try:
        return Rule.model_validate(
            {**rule.model_dump(), **{name: one for name, one in said.items() if one is not None}}
        )
    except ValidationError as error:
        found = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise UsageError(
            "no rule can be made of that",
            found=plain(found, 300),
            todo=f"choose an effect above {rule.worse:g}, which is the share of pairs that it makes worse",
        ) from error
