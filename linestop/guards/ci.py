"""ci: what runs on the owner's servers, with the owner's secrets, and who must review it, is changed by people."""

from collections.abc import Iterator

from linestop.guards.sight import Sight, named, violation
from linestop.verdicts import Violation

FILES = (
    ".github/*", ".gitlab/*", ".gitea/*", ".forgejo/*", ".circleci/*", ".buildkite/*", ".azure-pipelines/*",
    ".azuredevops/*", ".teamcity/*", ".semaphore/*", ".woodpecker/*", ".ci/*", ".gitlab-ci*.y*ml", "jenkinsfile*",
    "azure-pipelines*.y*ml", "bitbucket-pipelines.y*ml", ".travis.y*ml", ".drone.y*ml", ".woodpecker*.y*ml",
    "appveyor.y*ml", ".appveyor.y*ml", ".cirrus.y*ml", ".cirrus.star", "buildspec*.y*ml", "cloudbuild*.y*ml",
    "codeowners", ".readthedocs.y*ml",
)  # fmt: skip


def ci(sight: Sight) -> Iterator[Violation]:
    """Object to any change of a file that a CI service or a forge acts on."""
    for change in sight.changes:
        if named(change.path, FILES):
            yield violation("ci", change.path, "a CI service runs or obeys it; take the change back, a person does it")
