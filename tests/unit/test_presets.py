"""Presets: how each agent's command line is started. What it says is told by its own argv, environment and files."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from linestop.blocks.presets import FAKE_KEY, PRESETS, Errand, Start, Telling, preset_for, preset_named
from linestop.engines import CommandSettings, Wire
from linestop.engines.endpoints import DEFAULTS
from linestop.errors import PolicyError
from linestop.events.formats import reader_named
from linestop.policy import Policy

HOME = Path("/cells/1/home")
BASE = "http://127.0.0.1:8377/it"
PROMPT = "Fix it.\n\nü 😀 \x07 {{ task }}\n" * 3
WIRES = {"claude": Wire.ANTHROPIC, "gemini": Wire.GEMINI, "codex": Wire.OPENAI_RESPONSES}


def errand(preset: str, **values: object) -> Errand:
    common = {"program": ("/opt/node", "/opt/it.js"), "home": HOME, "prompt": PROMPT, "base": BASE, "model": "m-1"}
    wire = WIRES.get(preset, Wire.OPENAI_CHAT)
    return Errand(**{"wire": wire, "hook": "/cells/1/home/.linestop/hook.sh", **common, **values})  # type: ignore[arg-type]


def start(preset: str, **values: object) -> Start:
    return preset_named(preset).start(errand(preset, **values))


def everything(one: Start) -> str:
    return "\n".join([*one.argv, *one.env.values(), *one.files.values()])


@pytest.mark.parametrize("name", PRESETS)
def test_the_prompt_is_on_stdin_or_in_a_file_and_never_an_argument(name: str) -> None:
    one = start(name)
    assert not any("Fix it." in word for word in one.argv)
    in_files = "\n".join(one.files.values())
    if name == "mini":
        assert yaml.safe_load(in_files)["run"]["task"].startswith(PROMPT)
    else:
        assert (one.stdin.decode() == PROMPT) != (PROMPT in in_files)


@pytest.mark.parametrize("name", PRESETS)
def test_the_endpoint_is_the_proxy_and_the_key_is_a_fake_one(name: str) -> None:
    preset = preset_named(name)
    given = "\n".join(everything(one) for one in (*preset.before(errand(name)), start(name)))
    assert BASE in given
    assert FAKE_KEY in given
    assert "m-1" in given
    assert start(name).argv[:2] == ("/opt/node", "/opt/it.js")


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_names_is_there(name: str) -> None:
    preset = preset_named(name)
    assert not preset.stream or reader_named(preset.stream).name == preset.stream
    endpoint = {**DEFAULTS, **preset.endpoints}[preset.endpoint]
    assert endpoint.wire in preset.wires
    assert preset.install.startswith(("npm install", "pipx install"))
    assert preset.telling is not Telling.RESUME or preset.sessions


@pytest.mark.parametrize("name", PRESETS)
def test_its_files_are_of_their_kind(name: str) -> None:
    for path, text in start(name).files.items():
        assert not path.startswith("/")
        assert ".." not in path
        if path.endswith(".json"):
            json.loads(text)
        if path.endswith(".toml"):
            tomllib.loads(text)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("claude", ("--resume", "s-1")),
        ("codex", ("exec", "resume")),
        ("gemini", ("--resume", "s-1")),
        ("opencode", ("-s", "s-1")),
        ("qwen", ("--resume", "s-1")),
        ("pi", ("--session", "s-1")),
    ],
)
def test_a_session_is_gone_on_with(name: str, words: tuple[str, str]) -> None:
    argv = start(name, resume="s-1").argv
    at = argv.index(words[0])
    assert argv[at : at + 2] == words
    assert "s-1" in argv
    assert words[1] not in start(name).argv
    assert preset_named(name).sessions


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("claude", "Edit,Write,NotebookEdit"),
        ("gemini", "write_file"),
        ("opencode", '"edit": "deny"'),
        ("qwen", "edit,write_file"),
        ("cline", "--plan"),
        ("pi", "read,grep,find,ls,bash"),
        ("aider", "--edit-format\nask\n"),
    ],
)
def test_a_role_that_only_looks_has_no_tools_to_edit(name: str, sign: str) -> None:
    assert sign in everything(start(name, looks_only=True))
    assert sign not in everything(start(name))


@pytest.mark.parametrize(("name", "tool"), [("claude", "WebFetch"), ("gemini", "web_fetch")])
def test_tools_of_the_web_are_there_only_where_the_network_is_open(name: str, tool: str) -> None:
    assert tool in everything(start(name))
    assert tool not in everything(start(name, online=True))


def test_codex_has_its_own_sandbox_where_ours_isolates_nothing() -> None:
    bypass = "--dangerously-bypass-approvals-and-sandbox"
    assert bypass in start("codex").argv
    assert 'sandbox_mode="workspace-write"' in start("codex", isolated=False).argv
    assert 'sandbox_mode="read-only"' in start("codex", isolated=False, looks_only=True).argv
    assert bypass not in start("codex", isolated=False).argv


@pytest.mark.parametrize(
    ("name", "path", "events"),
    [
        ("claude", ".linestop/claude.json", {"PreToolUse", "PostToolUse", "PostToolUseFailure"}),
        ("codex", ".codex/hooks.json", {"PreToolUse", "PostToolUse"}),
        ("gemini", ".gemini/settings.json", {"BeforeTool", "AfterTool"}),
    ],
)
def test_hooks_are_set_where_the_agent_has_them(name: str, path: str, events: set[str]) -> None:
    hooks = json.loads(start(name).files[path])["hooks"]
    assert set(hooks) == events
    for event, [entry] in hooks.items():
        when = "before" if event in {"PreToolUse", "BeforeTool"} else "after"
        assert entry["hooks"][0]["command"] == f"/bin/sh /cells/1/home/.linestop/hook.sh {when} {event}"
    assert json.loads(start(name, hook="").files[path])["hooks"] == {}


@pytest.mark.parametrize(
    ("preset", "wire", "sign"),
    [
        ("opencode", Wire.ANTHROPIC, "@ai-sdk/anthropic"),
        ("opencode", Wire.OPENAI_RESPONSES, '"@ai-sdk/openai"'),
        ("pi", Wire.ANTHROPIC, "anthropic-messages"),
        ("mini", Wire.ANTHROPIC, "anthropic/m-1"),
        ("aider", Wire.ANTHROPIC, "anthropic/m-1"),
    ],
)
def test_the_wire_of_the_endpoint_is_spoken(preset: str, wire: Wire, sign: str) -> None:
    assert sign in everything(start(preset, wire=wire))


def test_turns_are_the_agents_own_cap_too_where_it_has_one() -> None:
    assert start("claude", turns=7).argv[start("claude", turns=7).argv.index("--max-turns") + 1] == "7"
    assert json.loads(start("gemini", turns=7).files[".gemini/settings.json"])["model"] == {"maxSessionTurns": 7}
    assert yaml.safe_load(start("mini", turns=7).files[".linestop/mini.yaml"])["agent"] == {"step_limit": 7}


def test_another_command_is_told_by_stdin_with_its_arguments_filled_in() -> None:
    settings = CommandSettings(argv=("agent", "--model", "{model}", "--url={base}/x", "{other}", "{home}"), model="m")
    one = preset_for(settings).start(errand("any", program=("/opt/agent",), model="m"))
    assert one.argv == ("/opt/agent", "--model", "m", f"--url={BASE}/x", "{other}", str(HOME))
    assert one.stdin.decode() == PROMPT
    assert one.env["OPENAI_API_KEY"] == FAKE_KEY


def test_another_command_is_told_by_a_file_where_that_is_set() -> None:
    settings = CommandSettings(argv=("agent", "--task", "{prompt_file}"), prompt="file")
    one = preset_for(settings).start(errand("any", program=("/opt/agent",)))
    [(path, text)] = one.files.items()
    assert one.argv == ("/opt/agent", "--task", str(HOME / path))
    assert (text, one.stdin) == (PROMPT, b"")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param(CommandSettings(preset="cursor"), "there is no preset 'cursor'", id="unknown preset"),
        pytest.param(CommandSettings(), "needs either `preset` or `argv`", id="neither"),
        pytest.param(CommandSettings(preset="codex", argv=("codex",)), "needs either `preset` or `argv`", id="both"),
    ],
)
def test_settings_that_name_no_agent_are_refused(settings: CommandSettings, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        preset_for(settings)


def test_a_file_that_no_argument_names_is_refused() -> None:
    settings = CommandSettings(argv=("agent", "--go"), prompt="file")
    with pytest.raises(PolicyError, match="no argument names it"):
        preset_for(settings).start(errand("any"))


def test_the_configuration_that_the_documentation_shows_is_a_policy() -> None:
    page = (Path(__file__).parents[2] / "docs/engines.md").read_text()
    [written] = [
        part.split("```")[0] for part in page.split("```toml\n")[1:] if "[engines.codex]" in part.split("```")[0]
    ]
    policy = Policy(**tomllib.loads(written))
    for settings in policy.engines.values():
        assert isinstance(settings, CommandSettings)
        assert preset_for(settings).name
    table = page[page.index("| preset |") :]
    assert all(f"| `{name}` |" in table for name in PRESETS)
