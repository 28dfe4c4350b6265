"""Stories of agents that are stuck, each in three variants."""

import random
from itertools import pairwise

from linestop.scenarios import Turn
from tests.traces.story import CHECK, Story, edit, ending, mend, opening, read, run, search, story, tool, turn, write

THOUGHTS = (
    "The check fails because f3 subtracts where it should add. I should look at the calculator again now.",
    "I wonder whether the rows of long.py are read in the right order. Let me think about which is right.",
    "Before I change anything I need to understand how the parts hang together, so I will go over it again.",
)


@story
def same_command(rng: random.Random, variant: int) -> Story:
    command = ("git status --short", "ls src", "cat README.md")[variant]
    times = 4 + 2 * variant
    between = [turn(read(f"src/part{n:02}.py")) for n in range(variant)]
    turns = [*opening(rng), *(one for n in range(times) for one in (turn(run(command)), *between[: n % 2]))]
    return Story(
        "same-command",
        "makes one call again and again; it says the same each time",
        turns,
        ("repeat",),
        ("cycle", "same-result"),
        real=variant == 1,
    )


@story
def same_file(rng: random.Random, variant: int) -> Story:
    others = [turn(read(f"src/part{n:02}.py")) for n in range(20)]
    step = 2 + variant
    turns = [one for n in range(5) for one in (turn(read("src/calc.py")), *others[n * step : (n + 1) * step])]
    return Story("same-file", "comes back to a file that did not change, with other reads between", turns, ("repeat",))


@story
def circle(rng: random.Random, variant: int) -> Story:
    parts = [
        turn(read("src/calc.py"), think="Where is it?"),
        turn(search("def f3")),
        turn(run("git diff --stat")),
        turn(search("NAME_7")),
    ]
    turns = [*opening(rng), *parts[: 2 + variant] * 4]
    return Story(
        "circle", f"goes round the same {2 + variant} calls four times", turns, ("cycle", "repeat"), real=variant == 0
    )


@story
def to_and_fro(rng: random.Random, variant: int) -> Story:
    n, other = rng.sample(range(1, 8), 2)
    there, back = mend(n), edit("src/calc.py", f"return x + {n}  # f{n}", f"return x - {n}  # f{n}")
    check = [turn(run(CHECK))] if variant else []
    turns = [*opening(rng), turn(mend(other))]
    turns += [one for _ in range(4) for one in (turn(there), *check, turn(back), *check)]
    fires = ("cycle",) if variant else ("cycle", "edit-thrash")
    return Story(
        "to-and-fro",
        "makes a change, takes it back, and makes it again",
        turns,
        fires,
        ("repeat", "failing-call"),
    )


@story
def narrating(rng: random.Random, variant: int) -> Story:
    words = ["Analysing the problem", "Still thinking", "Let me check the results", "Almost there", "One moment"]
    calls = [run(f"echo '{word} …'") for word in words] + [run("sleep 0.1"), run("true"), run("pwd")]
    chosen = rng.sample(calls, 5 + variant)
    return Story(
        "narrating",
        "makes calls that do nothing, as if they were work",
        [*opening(rng), *(turn(call) for call in chosen)],
        ("repeat",),
        ("cycle",),
        real=variant == 0,
    )


@story
def missing_tool(rng: random.Random, variant: int) -> Story:
    commands = ["npx-nope build", "npx-nope test --all", "npx-nope --version", "npx-nope run lint", "npx-nope ci"]
    turns = [turn(run(command)) for command in commands[: 3 + variant]]
    return Story(
        "missing-tool",
        "tries a program that is not there in one way after the other",
        [*opening(rng), *turns],
        ("failures",),
        ("same-result",),
        real=variant == 1,
    )


@story
def dead_network(rng: random.Random, variant: int) -> Story:
    fail = "python3 -c \"raise SystemExit('error: could not resolve host: packages.example.org')\""
    turns = [turn(run(f"{fail} # mirror {n}")) for n in range(5 + variant)]
    return Story(
        "dead-network",
        "asks one mirror after the other although no name resolves",
        [*opening(rng), *turns],
        ("failures", "same-result"),
    )


@story
def stubborn(rng: random.Random, variant: int) -> Story:
    reads = [turn(read(f"src/part{n:02}.py")) for n in rng.sample(range(40), 30)]
    gap = 1 + 2 * variant
    turns = [one for n in range(4) for one in (turn(run(CHECK)), *reads[n * gap : (n + 1) * gap])]
    fires = ("failing-call",) if variant == 2 else ("failing-call", "repeat")
    return Story(
        "stubborn",
        "runs the failing checks again without having changed anything",
        turns,
        fires,
        ("repeat", "cycle"),
        real=variant == 1,
    )


@story
def wrong_edit(rng: random.Random, variant: int) -> Story:
    turns = [turn(edit("src/calc.py", f"return x * {n}", f"return x + {n}")) for n in range(3 + variant)]
    return Story(
        "wrong-edit",
        "edits text that does not stand in the file, without reading it",
        [*opening(rng), *turns],
        ("failures", "failing-call"),
        ("same-result",),
        real=variant == 0,
    )


@story
def time_outs(rng: random.Random, variant: int) -> Story:
    commands = ["sleep 9; echo a", "python3 -c 'import time; time.sleep(9)'", "tail -f README.md"]
    turns = [turn(run(command, seconds=0.15)) for command in commands[: 2 + variant % 2]]
    return Story(
        "time-outs",
        "waits for commands that never end, until their time is out",
        [*opening(rng), *turns * (1 + variant // 2)],
        ("failures",),
        ("failing-call",),
    )


@story
def wall(rng: random.Random, variant: int) -> Story:
    turns = [turn(mend(n)) for n in range(3 + variant)]
    return Story(
        "wall",
        "was asked to judge, and tries to edit again and again although that is denied",
        [*opening(rng), *turns],
        ("denial-wall",),
        ("same-result",),
        told={"role": "checker"},
    )


@story
def same_thought(rng: random.Random, variant: int) -> Story:
    thought = THOUGHTS[variant]
    forms = [thought, thought.upper() if variant == 1 else thought, thought.replace(". ", ".\n\n")]
    turns = [turn(read(f"src/part{n:02}.py"), think=forms[n % 3]) for n in range(4 + variant)]
    return Story(
        "same-thought",
        "thinks the same before each call",
        [*opening(rng), *turns],
        ("reasoning-loop",),
    )


@story
def stuck_record(rng: random.Random, variant: int) -> Story:
    text = (
        "I will fix it now. " * 12,
        "Let me run the checks and look at the result. " * 6,
        "no, wait, " * 20,
    )[variant]
    turns = [*opening(rng), turn(say=f"The calculator is wrong. {text}")]
    return Story("stuck-record", "a text that says the same to its end", turns, ("chant",), real=variant == 0)


@story
def same_words(rng: random.Random, variant: int) -> Story:
    words = ("Let me look at the next file.", "I am still working on this.", "Done. Is there anything else?")[variant]
    turns = [turn(*([run("ls src")] if variant == 0 else []), say=words) for _ in range(4 + variant)]
    return Story("same-words", "the same message each time", turns, ("chant",), ("repeat",))


@story
def never_starts(rng: random.Random, variant: int) -> Story:
    looks = [search(f"NAME_{n}") for n in range(40)] + [run(f"git log -{n} --oneline") for n in range(1, 9)]
    turns = [turn(call) for call in rng.sample(looks, 26 + 4 * variant)]
    return Story(
        "never-starts",
        "was asked to mend a function, and searches without end",
        turns,
        ("runaway-search",),
        ("same-result",),
    )


@story
def lost_the_thread(rng: random.Random, variant: int) -> Story:
    looks = [turn(search(f"NAME_{n}")) for n in rng.sample(range(40), 15 + 3 * variant)]
    return Story(
        "lost-the-thread",
        "made one change and has been looking around ever since",
        [*opening(rng), turn(mend(2)), turn(run(CHECK)), *looks],
        ("runaway-search",),
        ("same-result",),
    )


@story
def rewriting(rng: random.Random, variant: int) -> Story:
    n = rng.randint(1, 7)
    forms = [f"return x - {n}  # f{n}", *(f"return x {op} {n}  # f{n} {way}" for way, op in enumerate("*/|&^%"))]
    turns = [turn(edit("src/calc.py", *pair)) for pair in pairwise(forms)]
    if variant == 1:
        turns = [turn(write("src/new.py", f"VALUE = {form}\n")) for form in range(5)]
    return Story(
        "rewriting",
        "rewrites one place again and again and never runs the checks",
        [*opening(rng), *turns],
        ("edit-thrash",),
        real=variant == 0,
    )


@story
def gone_quiet(rng: random.Random, variant: int) -> Story:
    turns = [*opening(rng), turn(mend(1)), turn(run(CHECK))]
    return Story(
        "gone-quiet",
        "nothing is heard of it for a long time",
        turns,
        ("silence",),
        ("no-progress",),
        pauses={len(turns): (620, 1_300, 4_000)[variant]},
    )


@story
def no_step_further(rng: random.Random, variant: int) -> Story:
    looks = [read("src/calc.py", n + 1, n + 4) for n in range(10)] + [search(f"NAME_{n}") for n in range(9)]
    turns = [turn(call, think=f"Perhaps it is because of line {n}.") for n, call in enumerate(looks)]
    return Story(
        "no-step-further",
        "a quarter of an hour goes by and nothing of the work has changed",
        [turn(mend(1)), *turns],
        ("no-progress",),
        ("runaway-search",),
        pauses=dict.fromkeys(range(2, 21), 45 + 10 * variant),
    )


@story
def full_window(rng: random.Random, variant: int) -> Story:
    size = (200_000, 131_072, 32_768)[variant]
    turns = [*opening(rng), *(turn(read(f"src/part{n:02}.py"), prompt=size) for n in range(5 + variant))]
    return Story("full-window", "its prompt is as large as the window and grows no more", turns, ("context-pressure",))


@story
def compacting(rng: random.Random, variant: int) -> Story:
    turns = [turn(read("src/long.py", n * 60 + 1, n * 60 + 60)) for n in range(10)]
    return Story(
        "compacting",
        "fills its window, is compacted, and fills it again, without an edit",
        turns,
        ("context-pressure",),
        compactions=((3, 7), (2, 5, 9), (4, 8))[variant],
    )


@story
def over_budget(rng: random.Random, variant: int) -> Story:
    turns: list[Turn] = [*opening(rng), *(turn(mend(n)) for n in range(1, 4)), turn(run(CHECK))]
    told: dict[str, object] = [{"tokens": 12_000}, {"wall_seconds": 300}, {"tokens": 20_000}][variant]
    pauses = {4: 280.0} if variant == 1 else {}
    return Story("over-budget", "uses up what its ticket may cost", turns, ("cost",), told=told, pauses=pauses)


@story
def made_up_tool(rng: random.Random, variant: int) -> Story:
    turns = [turn(tool("run_tests", target=f"src/part{n:02}.py")) for n in range(4 + variant)]
    return Story(
        "made-up-tool",
        "calls a tool that it does not have",
        [*opening(rng), *turns, *ending()],
        ("failures",),
        ("same-result",),
    )


@story
def nearly_same_command(rng: random.Random, variant: int) -> Story:
    forms = (
        ["ls src", "ls ./src", "ls src/", "ls  src", "ls -- src"],
        ["git status", "git  status", "git status .", "git status -- .", "git --no-pager status"],
        ["cat src/calc.py", "cat ./src/calc.py", "head -99 src/calc.py", "cat -- src/calc.py", "cat src//calc.py"],
    )[variant]
    turns = [turn(run(command)) for command in forms]
    about = "makes one call in ever new spellings: to a person it is the same call"
    return Story("nearly-same-command", about, [*opening(rng), *turns], ("repeat",), ("same-result", "cycle"))


@story
def ticking_output(rng: random.Random, variant: int) -> Story:
    command = f"{CHECK} | tail -1; python3 -c 'import time; print(f\"in {{time.time() % 9:.3f}} s\")'"
    turns = [turn(run(command)) for _ in range(5 + variant)]
    about = "runs the checks again without a change; only the seconds that they took differ"
    return Story("ticking-output", about, [*opening(rng), *turns], ("repeat",))


@story
def reworded_thought(rng: random.Random, variant: int) -> Story:
    openings = ("So,", "Hmm.", "Well,", "Right:", "Okay,", "Now,")
    turns = [turn(read(f"src/part{n:02}.py"), think=f"{openings[n]} {THOUGHTS[variant]}") for n in range(5)]
    about = "thinks the same before each call, in words that differ a little"
    return Story("reworded-thought", about, [*opening(rng), *turns], ("reasoning-loop",))


@story
def wide_circle(rng: random.Random, variant: int) -> Story:
    parts = [turn(read(f"src/part{n:02}.py")) for n in range(7 + variant)]
    about = f"goes round the same {7 + variant} calls five times: too wide for a cycle"
    return Story("wide-circle", about, parts * 5, ("repeat",), ("cycle", "runaway-search"))
