"""Docker: under way."""

from linestop.errors import ToolError


class DockerSandbox:
    """Placeholder until its parts are there."""

    def __init__(self, *, host: str = "", image: str = "") -> None:
        self.host, self.image = host, image

    def ping(self) -> None:
        """Refuse."""
        raise ToolError("docker is not supported yet", found="no adapter", todo="apt install bubblewrap")
