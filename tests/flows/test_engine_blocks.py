"""The forms of engines: saved in the UI, read as `block:NAME`, and they say what the policy's settings say."""

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from linestop.blocks.engine_blocks import (
    ENGINE_BLOCKS,
    CommandEngineBlock,
    EngineBlock,
    ModelEngineBlock,
    ScriptedEngineBlock,
    StaticEngineBlock,
    engine_settings,
    engine_settings_now,
    register_engine_blocks,
)
from linestop.engines import CommandSettings, ModelSettings, ScriptedSettings, StaticSettings
from linestop.errors import PolicyError, ServerError

pytestmark = pytest.mark.usefixtures("prefect_server")
SETTINGS = {
    StaticEngineBlock: StaticSettings,
    CommandEngineBlock: CommandSettings,
    ModelEngineBlock: ModelSettings,
    ScriptedEngineBlock: ScriptedSettings,
}


@pytest.fixture(scope="module")
async def forms(prefect_server: str) -> None:
    await register_engine_blocks()


@pytest.mark.parametrize("form", ENGINE_BLOCKS, ids=lambda form: form.kind_)
def test_a_form_has_the_fields_and_defaults_of_its_settings(form: type[EngineBlock]) -> None:
    fields = {name: field for name, field in SETTINGS[form].model_fields.items() if name != "kind"}
    assert set(form.model_fields) == set(fields)
    for name, field in fields.items():
        ours = form.model_fields[name]
        assert ours.is_required() == field.is_required(), name
        if not field.is_required():
            given = ours.get_default(call_default_factory=True)
            assert (tuple(given) if isinstance(given, list) else given) == field.get_default(call_default_factory=True)


@pytest.mark.parametrize("form", ENGINE_BLOCKS, ids=lambda form: form.kind_)
def test_every_field_of_a_form_explains_itself_and_none_is_a_secret(form: type[EngineBlock]) -> None:
    schema = form.model_json_schema()
    assert form._description
    for name in form.model_fields:
        assert schema["properties"][name]["title"], name
        assert schema["properties"][name]["description"].endswith("."), name
    assert not schema.get("secret_fields")


async def test_a_saved_form_is_read_by_its_name(forms: None) -> None:
    await CommandEngineBlock(preset="codex", model="m-1", env={"A": "b"}, mounts=["/opt/sdk"]).save("fast")
    assert await engine_settings("block:fast") == CommandSettings.model_validate(
        {"preset": "codex", "model": "m-1", "env": {"A": "b"}, "mounts": ["/opt/sdk"]}
    )


async def test_it_can_be_read_where_a_loop_runs_already(forms: None) -> None:
    await ScriptedEngineBlock.model_validate({"scenario": "/scenarios/a.yaml"}).save("played")
    assert engine_settings_now("block:played") == ScriptedSettings.model_validate({"scenario": "/scenarios/a.yaml"})


async def test_two_forms_of_one_name_are_told_apart_by_their_kind(forms: None) -> None:
    await StaticEngineBlock().save("twice")
    await ModelEngineBlock(model="m", endpoint="local").save("twice")
    with pytest.raises(PolicyError, match="means 2 engines") as caught:
        await engine_settings("block:twice")
    assert "block:linestop-model-engine/twice" in caught.value.found
    assert await engine_settings("block:linestop-model-engine/twice") == ModelSettings(model="m", endpoint="local")


async def test_a_name_that_nobody_saved_is_refused(forms: None) -> None:
    with pytest.raises(PolicyError, match="there is no engine 'block:nothing'"):
        await engine_settings("block:nothing")


async def test_without_a_server_none_is_started_behind_ones_back() -> None:
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(ServerError) as caught:
        await engine_settings("block:fast")
    assert caught.value.todo == "linestop up"


async def test_a_server_that_is_gone_is_told() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}), pytest.raises(ServerError):
        await engine_settings("block:fast")
