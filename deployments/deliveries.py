"""Webhook deliveries of GitHub, GitLab and Gitea: who sent one, whether it may be trusted, what it says.

Pure: the body and headers come from receiver.py. Of a payload nothing goes on but a validated commit hash.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
DELIVERY = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
HEADS = "refs/heads/"


class Provider(StrEnum):
    """Who sends webhooks."""

    GITEA = "gitea"
    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True)
class Envelope:
    """What the headers say. `proof` is a signature, or GitLab's token."""

    provider: Provider
    event: str
    delivery: str
    proof: str


@dataclass(frozen=True)
class Merge:
    """Something reached the base branch; `commit` is its hash there."""

    commit: str


@dataclass(frozen=True)
class Ignored:
    """Nothing for us, and why."""

    reason: str


class Garbage(ValueError):  # noqa: N818  # a value's kind, answered with 400
    """The payload is not what the event promises."""


def envelope(headers: Mapping[str, str]) -> Envelope | None:
    """Return what the headers say, None where they are of no provider we know.

    Gitea comes first: it sends GitHub's headers too, with its own delivery id.
    """
    if "x-gitea-event" in headers:
        names = (Provider.GITEA, "x-gitea-event", "x-gitea-delivery", "x-gitea-signature")
    elif "x-github-event" in headers:
        names = (Provider.GITHUB, "x-github-event", "x-github-delivery", "x-hub-signature-256")
    elif "x-gitlab-event" in headers:
        # GitLab keeps the Idempotency-Key over retries; older ones send the event's UUID only.
        key = "idempotency-key" if "idempotency-key" in headers else "x-gitlab-event-uuid"
        names = (Provider.GITLAB, "x-gitlab-event", key, "x-gitlab-token")
    else:
        return None
    provider, event, delivery, proof = names
    return Envelope(provider, headers[event].lower(), headers.get(delivery, ""), headers.get(proof, ""))


def proven(sent: Envelope, body: bytes, secret: bytes) -> bool:
    """Return whether the sender knows the secret; takes the same time whatever the proof is."""
    if sent.provider is Provider.GITLAB:
        return hmac.compare_digest(sent.proof.encode(), secret)
    prefix = "sha256=" if sent.provider is Provider.GITHUB else ""
    expected = prefix + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(sent.proof.encode(), expected.encode())


def reading(sent: Envelope, payload: Json, *, base: str) -> Merge | Ignored:
    """Return what a trusted delivery means for a repository whose base branch is `base`.

    Raises:
        Garbage: a field is missing or of the wrong kind.
    """
    if sent.provider is Provider.GITLAB:
        return _gitlab(sent.event, payload, base)
    if sent.event == "push":
        return _push(payload, base, commit=payload.get("after"))
    if sent.event == "pull_request":
        return _pull_request(payload, base)
    return Ignored(f"event {_shown(sent.event)} starts nothing")


def _gitlab(event: str, payload: Json, base: str) -> Merge | Ignored:
    if event == "push hook":
        return _push(payload, base, commit=payload.get("after"))
    if event != "merge request hook":
        return Ignored(f"event {_shown(event)} starts nothing")
    request = _object(payload, "object_attributes")
    if request.get("action") != "merge":
        return Ignored("the merge request was not merged")
    if _text(request, "target_branch") != base:
        return Ignored("another branch than the base")
    # A fast-forward makes no merge commit: what was merged is the last commit itself.
    made = request.get("merge_commit_sha") or request.get("squash_commit_sha")
    return Merge(_commit(made or _object(request, "last_commit").get("id")))


def _push(payload: Json, base: str, *, commit: object) -> Merge | Ignored:
    ref = _text(payload, "ref")
    if not ref.startswith(HEADS):
        return Ignored("not a branch")
    if ref.removeprefix(HEADS) != base:
        return Ignored("another branch than the base")
    found = _commit(commit)
    return Ignored("the branch was deleted") if set(found) == {"0"} else Merge(found)


def _pull_request(payload: Json, base: str) -> Merge | Ignored:
    request = _object(payload, "pull_request")
    if payload.get("action") != "closed" or request.get("merged") is not True:
        return Ignored("the pull request was not merged")
    if _text(_object(request, "base"), "ref") != base:
        return Ignored("another branch than the base")
    return Merge(_commit(request.get("merge_commit_sha")))


def _object(payload: Json, name: str) -> Json:
    value = payload.get(name)
    if not isinstance(value, Mapping):
        raise Garbage(f"{name} is missing")
    return value


def _text(payload: Json, name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str):
        raise Garbage(f"{name} is missing")
    return value


def _commit(value: object) -> str:
    if not isinstance(value, str) or not COMMIT.fullmatch(value):
        raise Garbage("the commit is no full hash")
    return value


def _shown(event: str) -> str:
    return re.sub(r"[^a-z_ ]", "", event)[:40] or "unnamed"
