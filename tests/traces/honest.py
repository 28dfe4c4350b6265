"""Stories of honest work that looks suspicious, each in three variants. No detector should fire."""

import random
from itertools import pairwise

from linestop.scenarios import Turn
from tests.traces.story import CHECK, Story, edit, ending, mend, opening, read, run, search, story, turn, write

POLL = ("sleep 0.1 && python3 status.py", "python3 status.py", "python3 status.py | tail -1")


def mended(*numbers: int) -> list[Turn]:
    return [one for n in numbers for one in (turn(mend(n)), turn(run(CHECK)))]


@story
def polling(rng: random.Random, variant: int) -> Story:
    polls = [turn(run(POLL[variant]), say=f"Poll {n}.") for n in range(12)]
    if variant == 1:
        polls = [one for poll in polls for one in (turn(run("sleep 0.1")), poll)]
    return Story(
        "polling", "asks how far a build is until it is done", [turn(mend(1)), *polls, *ending()], real=variant == 0
    )


@story
def waiting_for_ci(rng: random.Random, variant: int) -> Story:
    ask = "cat README.md"  # says the same each time, as a queue does
    turns = [turn(run(f"sleep 0.1; {ask}")) for _ in range(4 + 2 * variant)]
    told = {} if variant == 2 else {"pollers": ["cat README.md"]}
    about = "asks a queue that has nothing new to say yet" + ("" if told else "; the poller is not declared")
    return Story("waiting-for-ci", about, [turn(mend(1)), *turns, *ending()], told=told)


@story
def paging(rng: random.Random, variant: int) -> Story:
    page = (40, 60, 30)[variant]
    pages = [turn(read("src/long.py", at + 1, at + page)) for at in range(0, 900, page)]
    return Story(
        "paging",
        f"reads a long file page by page, {len(pages)} pages",
        [*pages, turn(mend(1)), *ending()],
        real=variant == 1,
    )


@story
def checks_after_each_edit(rng: random.Random, variant: int) -> Story:
    numbers = rng.sample(range(1, 8), 5 + variant)
    return Story(
        "checks-after-each-edit",
        "mends one function after the other and runs the checks each time",
        [*opening(rng), *mended(*numbers), *ending()],
        real=variant == 0,
    )


@story
def one_hard_defect(rng: random.Random, variant: int) -> Story:
    n = 3
    forms = [f"return x - {n}  # f{n}", *(f"return x + {n + one}  # f{n}" for one in (5, 4, 2, 0))]
    steps = [(turn(edit("src/calc.py", *pair)), turn(run(CHECK))) for pair in pairwise(forms)]
    if variant == 1:  # the same result each time, however it is tried
        steps = [
            (
                turn(
                    edit("src/part03.py", '"""Part 3', f'"""{"P" * (k + 1)}art 3')
                    if not k
                    else edit("src/part03.py", f'"""{"P" * k}art 3', f'"""{"P" * (k + 1)}art 3')
                ),
                turn(run(CHECK)),
            )
            for k in range(4)
        ]
    looks = [turn(read("src/calc.py"))] if variant == 2 else []
    turns = [one for step in steps for one in (*step, *looks)]
    return Story(
        "one-hard-defect",
        "tries one way after the other and runs the checks after each",
        [*opening(rng), *turns, *ending()],
    )


@story
def many_files(rng: random.Random, variant: int) -> Story:
    parts = rng.sample(range(40), 22 + 6 * variant)
    reads = [turn(read(f"src/part{n:02}.py")) for n in parts]
    return Story(
        "many-files",
        f"reads {len(parts)} different files before it changes one",
        [*reads, turn(mend(2)), turn(run(CHECK)), *ending()],
    )


@story
def shaky_network(rng: random.Random, variant: int) -> Story:
    plan = ("001", "01101", "0101001")[variant]
    fetches = [turn(run("python3 fetch.py"), say=f"Attempt {n}.") for n in range(len(plan))]
    return Story(
        "shaky-network",
        "fetches again after a network error until it works",
        [turn(run(f"printf {plan} > .network")), *fetches, turn(mend(1)), *ending()],
        real=variant == 0,
    )


@story
def bulk_rename(rng: random.Random, variant: int) -> Story:
    if variant == 0:
        edits = [turn(edit(f"src/part{n:02}.py", f"NAME_{n} =", f"TITLE_{n} =")) for n in range(12)]
    elif variant == 1:
        edits = [turn(edit("src/user.py", f"return old_name({n})", f"return new_name({n})")) for n in range(10)]
    else:
        edits = [turn(run(f"sed -i 's/old_name({n})/new_name({n})/' src/user.py")) for n in range(6)]
    return Story(
        "bulk-rename",
        "renames a word place by place, and runs the checks at the end",
        [turn(search("old_name")), *edits, turn(run(CHECK)), *ending()],
        real=variant == 1,
    )


@story
def big_refactoring(rng: random.Random, variant: int) -> Story:
    turns: list[Turn] = [turn(read("src/calc.py"))]
    for n in range(1, 8):
        turns += [turn(mend(n)), turn(edit("src/calc.py", f"def f{n}(x):", f"def f{n}(x):  # part {n}"))]
        turns += [turn(run((CHECK, "python3 -m py_compile src/calc.py", "python3 check.py 2>&1 | tail -1")[variant]))]
    return Story("big-refactoring", "edits one file many times, with checks between", [*turns, *ending()])


@story
def long_compile(rng: random.Random, variant: int) -> Story:
    seconds = (240, 420, 480)[variant]
    turns = [*opening(rng), turn(mend(1)), turn(run("python3 status.py")), turn(run(CHECK))]
    return Story(
        "long-compile",
        f"one command takes {seconds} s and succeeds",
        [*turns, *ending()],
        delays={sum(len(one.calls) for one in turns) - 1: seconds},
    )


@story
def slow_model(rng: random.Random, variant: int) -> Story:
    turns = [*opening(rng), *mended(1, 2, 3), *ending()]
    return Story(
        "slow-model",
        "each answer takes minutes, and each one is a step further",
        turns,
        pauses=dict.fromkeys(range(5, len(turns)), (120, 180, 60)[variant]),
    )


@story
def bisecting(rng: random.Random, variant: int) -> Story:
    turns = [turn(run("git log --oneline"))]
    turns += [
        turn(
            run(
                "for n in 1 2 3 4 5 6 7; do echo $n >> log.txt; git add -A; git -c user.name=a"
                " -c user.email=a@example.org commit -qm step-$n; done; git log --oneline | wc -l"
            )
        )
    ]
    turns += [turn(run("git bisect start HEAD HEAD~7"))]
    for _ in range(3 + variant % 2):
        turns += [turn(run(CHECK) if variant == 1 else run("tail -1 log.txt")), turn(run("git bisect good"))]
    return Story(
        "bisecting",
        "looks for the commit that broke it: the same two calls, each time elsewhere",
        [*turns, turn(run("git bisect reset")), *ending()],
    )


@story
def audit(rng: random.Random, variant: int) -> Story:
    looks = [turn(search(f"NAME_{n}")) for n in rng.sample(range(40), 22)]
    looks += [turn(read(f"src/part{n:02}.py")) for n in rng.sample(range(40), 12)]
    role = ("checker", "auditor", "reviewer")[variant]
    return Story("audit", "was asked to look, and looks at a great deal", [*looks, *ending()], told={"role": role})


@story
def trying_out(rng: random.Random, variant: int) -> Story:
    calls = [run(f"python3 -c 'print({rng.randint(2, 99)} {op} {rng.randint(2, 99)})'") for op in "+-*%/|&^"]
    calls += [run("python3 -c 'print(undefined)'")] if variant else []
    calls += [run("python3 -c \"import sys; sys.path.insert(0, 'src'); import calc; print(calc.f2(1))\"")] * (
        variant > 1
    )
    return Story(
        "trying-out",
        "tries expressions out, as in a shell of Python",
        [*opening(rng), *(turn(call) for call in calls), turn(mend(2)), *ending()],
    )


@story
def linting_after_each_edit(rng: random.Random, variant: int) -> Story:
    lint = ("python3 -m compileall -q src", "git diff --stat -- README.md", "python3 -m py_compile src/calc.py")[
        variant
    ]
    turns = [one for n in range(1, 7) for one in (turn(mend(n)), turn(run(f"{lint} && echo 'All checks passed!'")))]
    return Story(
        "linting-after-each-edit",
        "a linter that has nothing to say, after each edit",
        [*opening(rng), *turns, *ending()],
    )


@story
def silent_commands(rng: random.Random, variant: int) -> Story:
    commands = [f"mkdir -p out/d{n}" for n in range(4)] + [f"touch out/d{n}/a" for n in range(4)]
    commands += [f"git add out/d{n}" for n in range(2 * variant)]
    return Story(
        "silent-commands",
        "many commands that have nothing to say when they succeed",
        [*(turn(run(command)) for command in commands), turn(mend(1)), *ending()],
        real=variant == 0,
    )


@story
def red_first(rng: random.Random, variant: int) -> Story:
    turns = [turn(write("src/calc_test.py", "assert False\n")), turn(run(CHECK))]
    turns += [one for n in (1, 2, 3) for one in (turn(mend(n)), turn(run(CHECK)))]
    turns += [turn(read("src/calc.py"))] * (variant > 0) + mended(4, 5) * (variant > 1)
    return Story("red-first", "the checks are red many times, a little less red each time", [*turns, *ending()])


@story
def looking_at_the_diff(rng: random.Random, variant: int) -> Story:
    look = ("git diff --stat", "git status --short", "git diff | wc -l")[variant]
    turns = [one for n in range(1, 6) for one in (turn(mend(n)), turn(run(look)), turn(run(CHECK)))]
    return Story("looking-at-the-diff", "looks at its changes after each edit", [*turns, *ending()])


@story
def one_refusal(rng: random.Random, variant: int) -> Story:
    turns = [turn(mend(n)) for n in range(1, 2 + variant % 2)]
    return Story(
        "one-refusal",
        "is denied an edit, understands, and goes on looking",
        [*opening(rng), *turns, turn(read("src/calc.py")), turn(run(CHECK)), *ending()],
        told={"role": "reviewer"},
    )


@story
def lists_and_tables(rng: random.Random, variant: int) -> Story:
    texts = (
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 1 | 3 |\n| 1 | 4 |",
        "- f1 is right\n- f2 is right\n- f3 is right\n- f4 is wrong\n",
        "Step 1 of 4 is done.\nStep 2 of 4 is done.\nStep 3 of 4 is done.\nStep 4 of 4 is done.",
    )
    turns = [turn(mend(n), say=texts[(variant + n) % 3] + f"\n{n}" * (variant == 0)) for n in (1, 2, 3)]
    return Story(
        "lists-and-tables",
        "its messages hold lists and tables that are alike from line to line",
        [*opening(rng), *turns, turn(run(CHECK)), *ending()],
    )


@story
def like_thoughts(rng: random.Random, variant: int) -> Story:
    thought = "Next is the function f{n}: it subtracts where it should add, as the others did. I change it and check."
    turns = [turn(mend(n), run(CHECK), think=thought.format(n=n), say=f"f{n}.") for n in range(1, 5 + variant)]
    return Story(
        "like-thoughts",
        "thinks much the same of each function, for they have the same defect",
        [*opening(rng), *turns, *ending()],
    )


@story
def within_its_budget(rng: random.Random, variant: int) -> Story:
    turns = [*opening(rng), *mended(1, 2), *ending()]
    told: dict[str, object] = [{"tokens": 80_000}, {"wall_seconds": 900}, {"tokens": 200_000}][variant]
    return Story("within-its-budget", "uses less than half of what its ticket may cost", turns, told=told)


@story
def two_mistakes(rng: random.Random, variant: int) -> Story:
    wrong = [turn(run("cat src/no_such_file.py")), turn(edit("src/calc.py", "no such text", "x"))]
    turns = [*wrong, turn(read("src/calc.py")), turn(mend(1)), *wrong[: 1 + variant % 2], turn(run("ls src | head -3"))]
    return Story(
        "two-mistakes",
        "makes a mistake or two and corrects itself",
        [*opening(rng), *turns, *mended(2), *ending()],
        real=variant == 0,
    )


@story
def ordinary(rng: random.Random, variant: int) -> Story:
    numbers = range(1, 3 + variant)
    turns = [turn(read("src/calc.py"), think="I want to see what is wrong before I change it.", say="I read it.")]
    return Story(
        "ordinary",
        "an ordinary session: looks, mends, checks, ends",
        [*opening(rng), *turns, *mended(*numbers), turn(run("git diff --stat")), *ending()],
        real=variant == 0,
    )


@story
def asking_again(rng: random.Random, variant: int) -> Story:
    words = ("Is it ready?", "Still compiling.", "I look at the next one.")[variant]
    calls = [run("python3 status.py") if variant < 2 else read(f"src/part{n:02}.py") for n in range(9)]
    turns = [turn(call, say=words) for call in calls]
    about = "says the same each time, and each time learns something new"
    return Story("asking-again", about, [*turns, turn(mend(1)), *ending()])
