"""The debrief's form with all that is real: server, worker, Chromium, a person in a terminal, weeks in between.

With LINESTOP_WRITE_IMAGES=1 it also takes the picture of docs/debrief.md.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from linestop.debrief import Candidate, Debriefs, Ruling
from linestop.memory.lessons import Lessons
from linestop.paths import Layout
from tests.unit.debrief_shop import corrected, failed_twice, fired, shop

if TYPE_CHECKING:
    from tests.live.conftest import Machine

pytestmark = pytest.mark.live

CHROMIUM = Path("/usr/bin/chromium")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SECRET = "ghp_" + "a1B2" * 9
HOSTILE = "</code></pre><img src=x onerror=alert(1)> ``` [click](javascript:alert(2)) **bold**"
Until = Callable[[Callable[[], bool], float, str], float]


@pytest.fixture(scope="module")
def layout(machine: "Machine") -> Layout:
    """Return a repository where four candidates waited before anybody had started a server."""
    shutil.rmtree(machine.repository)
    layout = shop(machine.repository, "shop-bugs")
    corrected(layout, "Prices are Decimal, never float. Floats lost two cents an order.")
    fired(layout, detail=f"24 calls without an edit; last: grep {HOSTILE}")
    fired(layout, detector="repeat", detail="pytest -x was called 3 times in the last 10", seconds=30.0)
    failed_twice(layout)
    assert len(Debriefs(layout).gather("shop-bugs").waiting) == 4
    done = machine.linestop("up", str(machine.repository))
    assert done.returncode == 0, done.stderr
    return layout


def read(machine: "Machine", path: str) -> Any:
    return httpx.get(f"{machine.api}{path}", timeout=60, trust_env=False).json()


def runs(machine: "Machine") -> list[dict[str, Any]]:
    found = machine.post("/flow_runs/filter", flow_runs={"tags": {"all_": ["debrief:shop-bugs"]}}).json()
    return list(found)


def waits(machine: "Machine", *, about: str = "") -> str:
    """Return the run that waits for an answer once there is one, about a candidate where one is named."""
    from tests.live.conftest import until  # noqa: PLC0415  # its fixture is of a smaller scope

    def asked() -> list[dict[str, Any]]:
        paused = [run for run in runs(machine) if run["state_type"] == "PAUSED"]
        return [run for run in paused if about in run["state"]["state_details"]["pause_key"]]

    until(lambda: bool(asked()), 300, f"a form about {about or 'anything'}: {[run['state'] for run in runs(machine)]}")
    return str(asked()[0]["id"])


def answer(machine: "Machine", run: str, **fields: object) -> str:
    """Answer a form as the UI's button does; return what the server says of it."""
    return str(machine.post(f"/flow_runs/{run}/resume", run_input=fields).json()["status"])


def waiting(layout: Layout) -> list[Candidate]:
    return list(Debriefs(layout).waiting())


@pytest.fixture(scope="module")
def page(machine: "Machine") -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=machine.api.removesuffix("/api"), viewport={"width": 1400, "height": 1500})
        page.set_default_timeout(90_000)
        yield page
        browser.close()


def test_up_asks_about_what_waited_before_in_one_run(machine: "Machine", layout: Layout) -> None:
    waits(machine, about=waiting(layout)[0].id)
    assert len(runs(machine)) == 1


def test_an_answer_without_a_ruling_is_refused_at_once(machine: "Machine", layout: Layout) -> None:
    assert answer(machine, waits(machine), title="Something") == "REJECT"


def test_a_secret_is_refused_and_asked_again_with_the_reason(machine: "Machine", layout: Layout) -> None:
    first = waiting(layout)[0].id
    run = waits(machine, about=first)
    assert answer(machine, run, ruling="edit", title=f"Log in with {SECRET}") == "ACCEPT"
    waits(machine, about=f"{first}-1")
    assert Lessons(layout).list() == ()
    said = read(machine, f"/flow_runs/{run}/input/suspended-{first}-1-description")
    assert "could not be taken" in str(said)
    assert SECRET not in str(said)


def test_a_person_fills_in_the_form_below_the_evidence(machine: "Machine", layout: Layout, page: Page) -> None:
    first = waiting(layout)[0]
    run = waits(machine, about=f"{first.id}-1")
    page.goto(f"/v2/runs/flow-run/{run}")
    form = opened(page)
    for text in ("could not be taken", first.title, "What drives it:", "Floats lost two cents", "Why it is dropped"):
        expect(form.get_by_text(text).first).to_be_visible()
    form.get_by_role("button", name="Select What becomes of it").click()
    page.get_by_role("option", name="edit").click()
    form.get_by_label("Lesson").fill("Prices are Decimal in src/cart.py")
    form.get_by_label("File").fill("src/cart.py")
    form.get_by_label("Who decides").fill("Anna")
    form.get_by_role("button", name="Resume").click()
    expect(form).to_be_hidden()
    until_decided(layout, first.id)
    (lesson,) = Lessons(layout).list()
    assert (lesson.title, lesson.file) == ("Prices are Decimal in src/cart.py", "src/cart.py")
    made = Debriefs(layout).get(first.id).decided
    assert made is not None
    assert (made.ruling, made.by, made.lesson) == ("edit", "Anna", lesson.id)


def until_decided(layout: Layout, candidate: str) -> None:
    from tests.live.conftest import until  # noqa: PLC0415

    until(lambda: not Debriefs(layout).get(candidate).waits, 300, f"{candidate} was decided")


def opened(page: Page) -> Locator:
    """Open the form of the run that is shown."""
    page.locator("button:has(svg.lucide-ellipsis-vertical)").first.click()
    page.get_by_role("menuitem", name="Resume").click()
    return page.get_by_role("dialog")


def test_hostile_words_are_shown_letter_by_letter(machine: "Machine", layout: Layout, page: Page) -> None:
    search = waiting(layout)[0]
    assert search.detector == "runaway-search"
    page.goto(f"/v2/runs/flow-run/{waits(machine, about=search.id)}")
    form = opened(page)
    expect(form.get_by_text(HOSTILE).first).to_be_visible()
    assert form.locator("img, a, script").count() == 0


def test_a_decision_in_a_terminal_makes_the_run_ask_on(machine: "Machine", layout: Layout) -> None:
    one, two = (candidate.id for candidate in waiting(layout)[:2])
    done = machine.linestop("debrief", "drop", one, "--why", "the search server was down", "--who", "ben")
    assert (done.returncode, done.stdout) == (0, f"candidate {one} is dropped\n"), done.stderr
    waits(machine, about=two)


def test_who_answers_after_somebody_else_is_told(machine: "Machine", layout: Layout) -> None:
    one, two = (candidate.id for candidate in waiting(layout)[:2])
    run = waits(machine, about=one)
    Debriefs(layout).decide(one, Ruling.DROP, by="ben", why="known")  # from a machine that reaches no server
    assert answer(machine, run, ruling="accept", by="Anna") == "ACCEPT"
    waits(machine, about=two)
    logs = machine.post("/logs/filter", logs={"flow_run_id": {"any_": [run]}}).json()
    assert f"{one} was decided already: drop by ben" in " ".join(line["message"] for line in logs)
    assert len(Lessons(layout).list()) == 1


def test_weeks_later_the_form_is_still_there(machine: "Machine", layout: Layout, page: Page) -> None:
    (last,) = waiting(layout)
    run = waits(machine, about=last.id)
    page.goto(f"/v2/runs/flow-run/{run}")
    expect(opened(page).get_by_text("maker, attempt 2, chunk c1 said: I rounded in the wrong place")).to_be_visible()
    picture(page, "debrief-form.png")
    assert machine.linestop("down").returncode == 0
    assert machine.linestop("up").returncode == 0
    assert waits(machine, about=last.id) == run
    assert answer(machine, run, ruling="accept") == "ACCEPT"
    assert ended(machine, run)["state"]["message"].startswith("lessons: 2, dropped: 2, waiting: 0")
    assert Debriefs(layout).waiting() == ()
    assert len(runs(machine)) == 1
    (lesson,) = (one for one in Lessons(layout).list() if one.source == f"debrief:{last.id}")
    assert lesson.runs == last.runs
    assert lesson.title == last.title
    report = json.loads(machine.linestop("debrief", "--all", "--json").stdout)
    assert [one["decided"]["by"] for one in report] == ["Anna", "ben", "ben", "a person in the Prefect UI"]


def ended(machine: "Machine", run: str) -> dict[str, Any]:
    from tests.live.conftest import until  # noqa: PLC0415

    until(lambda: read(machine, f"/flow_runs/{run}")["state_type"] == "COMPLETED", 300, "the debrief ended")
    return dict(read(machine, f"/flow_runs/{run}"))


def picture(page: Page, name: str) -> None:
    if os.environ.get("LINESTOP_WRITE_IMAGES"):
        page.screenshot(path=IMAGES / name)
