"""The small repository in which the traces' agents work: sources, checks, a build, a shaky network."""

import subprocess
from pathlib import Path

FUNCTIONS = 8
MODULES = 40
LONG_LINES = 900

CHECK = '''"""Runs the checks: says how many functions of calc are right."""
import importlib.util, sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("calc", "src/calc.py")
calc = importlib.util.module_from_spec(spec)
spec.loader.exec_module(calc)
wrong = [n for n in range(8) if getattr(calc, f"f{n}")(10) != 10 + n]
for n in wrong:
    print(f"FAIL: f{n}(10) is {getattr(calc, f'f{n}')(10)}, not {10 + n}")
print(f"{len(wrong)} failed, {8 - len(wrong)} passed")
sys.exit(bool(wrong))
'''
STATUS = '''"""The state of a build: goes on by itself each time it is asked, and is done at 100 %."""
import pathlib
at = pathlib.Path(".build-state")
done = min(int(at.read_text()) + 9 if at.exists() else 7, 100)
at.write_text(str(done))
print(f"compiling: {done} %" if done < 100 else "build finished: 0 errors")
'''
FETCH = '''"""Fetches a package from a network that works now and then, as .network says: a digit a call."""
import pathlib, sys
at = pathlib.Path(".network")
plan = at.read_text() if at.exists() else "001"
at.write_text(plan[1:])
if plan[:1] == "0":
    sys.exit("fetch: connection reset by peer while reading from packages.example.org")
print("fetched shelf-1.2.tar.gz (48 kB)")
'''


def workshop(root: Path) -> Path:
    """Make the repository, with one commit, and return it."""
    (root / "src").mkdir(parents=True)
    functions = "\n\n".join(f"def f{n}(x):\n    return x - {n}  # f{n}" for n in range(FUNCTIONS))
    _write(root, "src/calc.py", f'"""A calculator that is wrong."""\n\n\n{functions}\n')
    for number in range(MODULES):
        _write(root, f"src/part{number:02}.py", f'"""Part {number}."""\n\nNAME_{number} = "part {number}"\n')
    _write(root, "src/long.py", "\n".join(f"row_{n} = {n * n % 97}" for n in range(LONG_LINES)) + "\n")
    _write(root, "src/user.py", "\n".join(f"def use_{n}():\n    return old_name({n})\n" for n in range(10)))
    for name, text in (("check.py", CHECK), ("status.py", STATUS), ("fetch.py", FETCH)):
        _write(root, name, text)
    _write(root, "README.md", "# shelf\n\nRun `python3 check.py`.\n")
    for argv in (
        ("init", "--quiet", "--template=", "--initial-branch=main"),
        ("add", "--all"),
        ("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "start"),
    ):
        subprocess.run(("git", "-C", str(root), *argv), check=True, stdout=subprocess.DEVNULL)
    return root


def _write(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")
