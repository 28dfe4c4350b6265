"""The webhook receiver: who gets in, what starts a run, and that nothing starts twice."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from linestop.deployments.inbox import Delivery, Inbox
from linestop.deployments.receiver import receiver_app
from linestop.deployments.registry import Registered, registered, remember, secret_of

PAYLOADS = Path(__file__).parent / "webhooks"
PUSHED = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
MERGED = "c4295bd74fb0f4fda03689c3df3f2803b658fd85"
KEY = "shop-0123abcd"


def payload(name: str) -> dict[str, Any]:
    return dict(json.loads((PAYLOADS / f"{name}.json").read_text()))


@dataclass
class Starter:
    """Stands for Prefect: remembers what was started, one run per key, and may be away for some calls."""

    runs: dict[str, Delivery] = field(default_factory=dict)
    calls: int = 0
    away: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, delivery: Delivery) -> str:
        self.calls += 1
        if self.calls <= self.away:
            raise httpx.ConnectError("all is quiet")
        self.runs.setdefault(delivery.idempotency_key, delivery)
        self.started.set()
        return delivery.idempotency_key

    async def first(self) -> Delivery:
        async with asyncio.timeout(10):
            await self.started.wait()
        return next(iter(self.runs.values()))


@dataclass
class Forge:
    """Sends deliveries as the three providers do."""

    client: httpx.AsyncClient
    secret: bytes
    starter: Starter

    async def send(
        self, provider: str, event: str, body: bytes | Mapping[str, Any], *, delivery: str = "d-1", **more: str
    ) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        secret = more.pop("secret", self.secret.decode()).encode()
        path = more.pop("path", f"/hooks/{KEY}")
        return await self.client.post(
            path, content=raw, headers=headers(provider, event, raw, secret, delivery) | more
        )  # fmt: skip


def headers(provider: str, event: str, body: bytes, secret: bytes, delivery: str) -> dict[str, str]:
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    if provider == "gitlab":
        return {"X-Gitlab-Event": event, "X-Gitlab-Token": secret.decode(), "X-Gitlab-Event-UUID": delivery}
    github = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    if provider == "github":
        return github
    return github | {"X-Gitea-Event": event, "X-Gitea-Delivery": delivery, "X-Gitea-Signature": signature}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registered:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    shop = Registered(key=KEY, path=tmp_path / "shop", base="master")
    remember(shop)
    return shop


@pytest.fixture
async def forge(shop: Registered, tmp_path: Path) -> AsyncIterator[Forge]:
    starter = Starter()
    app = receiver_app(Inbox(tmp_path / "inbox.db"), start_run=starter, max_bytes=100_000)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://receiver") as client,
    ):
        yield Forge(client, secret_of(shop), starter)


def merged_pull_request() -> dict[str, Any]:
    body = payload("github_pull_request_closed")
    body["pull_request"] |= {"merged": True}
    return body


@pytest.mark.parametrize(
    ("provider", "event", "body", "commit"),
    [
        pytest.param("github", "push", payload("github_push"), PUSHED, id="github-push"),
        pytest.param("github", "pull_request", merged_pull_request(), MERGED, id="github-merge"),
        pytest.param("gitea", "push", payload("gitea_push"), PUSHED, id="gitea-push"),
        pytest.param("gitea", "pull_request", payload("gitea_pull_request_merged"), PUSHED, id="gitea-merge"),
        pytest.param("gitlab", "Push Hook", payload("gitlab_push"), PUSHED, id="gitlab-push"),
        pytest.param("gitlab", "Merge Request Hook", payload("gitlab_merge_request_merged"), PUSHED, id="gitlab-merge"),
    ],
)
async def test_what_reaches_the_base_branch_starts_one_run(
    forge: Forge, provider: str, event: str, body: dict[str, Any], commit: str
) -> None:
    answer = await forge.send(provider, event, body)
    delivery = await forge.starter.first()
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "commit": commit})
    assert (delivery.repository, delivery.commit) == (KEY, commit)


def on(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return body | changes


@pytest.mark.parametrize(
    ("provider", "event", "body"),
    [
        pytest.param("github", "push", on(payload("github_push"), ref="refs/heads/topic"), id="another-branch"),
        pytest.param("github", "push", on(payload("github_push"), ref="refs/heads/x/master"), id="a-branch-ending-so"),
        pytest.param("github", "push", payload("github_tag_deleted"), id="a-tag"),
        pytest.param("github", "push", on(payload("github_push"), after="0" * 40), id="the-branch-deleted"),
        pytest.param("github", "pull_request", payload("github_pull_request_closed"), id="closed-unmerged"),
        pytest.param("github", "pull_request", on(merged_pull_request(), action="opened"), id="opened"),
        pytest.param("github", "issues", {"action": "opened"}, id="another-event"),
        pytest.param("gitlab", "Tag Push Hook", payload("gitlab_push"), id="gitlab-tag"),
        pytest.param(
            "gitlab", "Merge Request Hook", {"object_attributes": {"action": "open", "target_branch": "master"}},
            id="gitlab-opened",
        ),
    ],
)  # fmt: skip
async def test_anything_else_is_ignored_with_a_reason(
    forge: Forge, provider: str, event: str, body: dict[str, Any]
) -> None:
    answer = await forge.send(provider, event, body)
    assert answer.status_code == 202
    assert answer.json()["status"] == "ignored"
    assert answer.json()["reason"]
    assert not forge.starter.runs


async def test_a_ping_is_answered(forge: Forge) -> None:
    answer = await forge.send("github", "ping", payload("github_ping"))
    assert (answer.status_code, answer.json()) == (200, {"status": "pong"})


@pytest.mark.parametrize("provider", ["github", "gitea", "gitlab"])
async def test_a_wrong_secret_is_refused(forge: Forge, provider: str) -> None:
    answer = await forge.send(provider, "push", payload("github_push"), secret="not-the-secret")
    assert answer.status_code == 401
    assert not forge.starter.runs


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param("", id="empty"),
        pytest.param("sha256=", id="no-digest"),
        pytest.param("sha1=0123", id="the-old-kind"),
        pytest.param("sha256=" + "0" * 64, id="of-something-else"),
    ],
)
async def test_a_bad_signature_is_refused(forge: Forge, proof: str) -> None:
    answer = await forge.send("github", "push", payload("github_push"), **{"X-Hub-Signature-256": proof})
    assert answer.status_code == 401


async def test_a_tampered_body_is_refused(forge: Forge) -> None:
    body = json.dumps(payload("github_push")).encode()
    signed = headers("github", "push", body, forge.secret, "d-1")
    answer = await forge.client.post(f"/hooks/{KEY}", content=body + b" ", headers=signed)
    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["other-89abcdef", "..%2Fhome", "shop-0123abcd%00", "%F0%9F%92%A5"])
async def test_an_unknown_repository_is_not_found(forge: Forge, key: str) -> None:
    answer = await forge.send("github", "push", payload("github_push"), path=f"/hooks/{key}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="torn"),
        pytest.param(b"\xff\xfe\x00", id="no-text"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"[" * 50_000, id="too-deep"),
        pytest.param(b'{"ref": "refs/heads/master"}', id="no-commit"),
        pytest.param(b'{"ref": 7, "after": "x"}', id="wrong-kinds"),
        pytest.param(b'{"ref": "refs/heads/master", "after": "$(touch /tmp/owned)"}', id="no-hash"),
        pytest.param(b'{"ref": "refs/heads/master", "after": "--upload-pack=x"}', id="an-option"),
    ],
)
async def test_garbage_is_refused_even_when_signed(forge: Forge, body: bytes) -> None:
    answer = await forge.send("github", "push", body)
    assert answer.status_code == 400
    assert not forge.starter.runs


async def test_a_request_of_no_known_provider_is_garbage(forge: Forge) -> None:
    answer = await forge.client.post(f"/hooks/{KEY}", content=b"hello")
    assert answer.status_code == 400


async def test_a_delivery_without_an_id_is_garbage(forge: Forge) -> None:
    answer = await forge.send("github", "push", payload("github_push"), delivery="")
    assert answer.status_code == 400


async def test_a_body_beyond_the_limit_is_refused(forge: Forge) -> None:
    answer = await forge.send("github", "push", b" " * 100_001)
    assert answer.status_code == 413


async def test_a_body_that_hides_its_size_is_counted(forge: Forge) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 10_000

    answer = await forge.client.post(f"/hooks/{KEY}", content=endless(), headers={"X-GitHub-Event": "push"})
    assert answer.status_code == 413


async def test_a_replayed_delivery_starts_nothing(forge: Forge) -> None:
    await forge.send("github", "push", payload("github_push"))
    await forge.starter.first()
    again = await forge.send("github", "push", payload("github_push"))
    assert (again.status_code, again.json()) == (200, {"status": "already seen"})
    assert len(forge.starter.runs) == 1


async def test_a_push_and_a_merge_of_one_commit_share_the_run(forge: Forge) -> None:
    await forge.send("gitlab", "Push Hook", payload("gitlab_push"), delivery="d-1")
    await forge.send("gitlab", "Merge Request Hook", payload("gitlab_merge_request_merged"), delivery="d-2")
    await forge.starter.first()
    assert list(forge.starter.runs) == [f"merge:{KEY}:{PUSHED}"]


@pytest.mark.parametrize(
    "form", [pytest.param(True, id="as-github-sends-it"), pytest.param(False, id="json-as-curl-calls-it-a-form")]
)
async def test_a_form_is_read_and_json_that_is_called_one(forge: Forge, form: bool) -> None:
    text = json.dumps(payload("github_push"))
    body = (urlencode({"payload": text}) if form else text).encode()
    answer = await forge.send("github", "push", body, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 202


async def test_a_delivery_is_started_once_prefect_is_back(forge: Forge) -> None:
    forge.starter.away = 1
    await forge.send("github", "push", payload("github_push"))
    assert (await forge.starter.first()).tries == 1


async def test_a_delivery_that_never_starts_keeps_no_other_from_starting(forge: Forge, tmp_path: Path) -> None:
    Inbox(tmp_path / "inbox.db").accept(KEY, provider="github", delivery="d-0", commit=PUSHED)
    with sqlite3.connect(tmp_path / "inbox.db") as sql:
        sql.execute("update delivery set tries = 5000")
    sql.close()
    forge.starter.away = 1
    await forge.send("gitea", "pull_request", payload("gitea_pull_request_merged"), delivery="d-1")
    assert (await forge.starter.first()).tries == 0


async def test_a_delivery_taken_by_a_killed_receiver_is_started_by_the_next(shop: Registered, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.db")
    inbox.accept(KEY, provider="github", delivery="d-1", commit=PUSHED)
    starter = Starter()
    app = receiver_app(inbox, start_run=starter)
    async with app.router.lifespan_context(app):
        assert (await starter.first()).commit == PUSHED


def test_a_secret_is_its_owners_alone_and_stays_the_same(shop: Registered) -> None:
    secret = secret_of(shop)
    remember(shop)
    assert secret_of(shop) == secret
    assert len(secret) >= 32
    assert shop.secret_file.stat().st_mode & 0o777 == 0o600
    assert list(registered()) == [KEY]
