"""The Block forms of the UI: what a person sets there and the deployments read. Settings of files are elsewhere."""

from prefect.blocks.core import Block
from pydantic import Field


class TargetRepository(Block):
    """When a repository is audited and which branch counts as its base; read by `linestop up` and its restarts."""

    _block_type_name = "Linestop Repository"
    _block_type_slug = "linestop-repository"
    _description = "A repository that linestop looks after: its base branch and the time of its weekly audit."

    path: str = Field(description="The repository's main checkout on the worker's machine.")
    base_branch: str = Field(default="", description="Merges to it start the documentation. Empty: as in its policy.")
    audit_enabled: bool = Field(default=True, description="Off: the repository is audited on demand only.")
    audit_cron: str = Field(default="0 3 * * 1", description="When it is audited, as cron; Monday 03:00 as it comes.")
    audit_timezone: str = Field(default="UTC", description="Time zone of the above, for example Europe/Berlin.")
