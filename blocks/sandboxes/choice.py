"""Which sandbox a policy means, and what it gives and denies."""

from collections.abc import Iterable
from pathlib import Path

from linestop.blocks.sandboxes.bubblewrap_process import Bubblewrap
from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.errors import PolicyError, ToolError
from linestop.policy import SandboxPolicy
from linestop.ports import Confinement, Mount, Network, Sandbox

_MIB = 2**20


def sandbox_for(policy: SandboxPolicy) -> Sandbox:
    """Return the sandbox of a policy, tried out.

    Raises:
        PolicyError: it asks for no isolation without allowing that.
        ToolError: what it asks for doesn't work on this machine, with what to install.
    """
    if policy.kind == "plain":
        return _plain(policy)
    if policy.kind == "bubblewrap":
        Bubblewrap.found()
        return BubblewrapSandbox()
    if policy.kind == "docker":
        return _docker(policy)
    return _best(policy)


def confinement_for(
    policy: SandboxPolicy,
    *,
    mounts: Iterable[Path] = (),
    model_socket: Path | None = None,
    read_only: bool = False,
) -> Confinement:
    """Return what a policy gives to a dispatch. `mounts` are read-only; those that aren't there are left out."""
    return Confinement(
        network=Network(policy.network),
        hosts=policy.hosts,
        mounts=tuple(Mount(path=path) for path in dict.fromkeys(mounts) if path.exists()),
        model_socket=model_socket,
        memory_bytes=policy.memory_mb * _MIB,
        cpus=policy.cpus,
        processes=policy.processes,
        disk_bytes=policy.disk_mb * _MIB,
        read_only=read_only,
    )


def _best(policy: SandboxPolicy) -> Sandbox:
    missing = []
    for ready in (_bubblewrap, _docker):
        try:
            return ready(policy)
        except ToolError as error:
            missing.append(error.gist)
    if policy.allow_plain:
        return PlainSandbox()
    raise ToolError(
        "no sandbox works on this machine, and agents are not run without one",
        found="; ".join(missing),
        todo="apt install bubblewrap (or docker.io); to run agents with every right of yours, set sandbox.kind to"
        ' "plain" and sandbox.allow_plain to true in .linestop/config.toml',
    )


def _bubblewrap(policy: SandboxPolicy) -> Sandbox:  # noqa: ARG001  # as its sibling
    Bubblewrap.found()
    return BubblewrapSandbox()


def _docker(policy: SandboxPolicy) -> Sandbox:
    from linestop.blocks.sandboxes.docker_sandbox import DockerSandbox  # noqa: PLC0415  # its SDK takes 0.2 s to import

    sandbox = DockerSandbox(host=policy.docker_host, image=policy.image)
    sandbox.ping()
    return sandbox


def _plain(policy: SandboxPolicy) -> Sandbox:
    if not policy.allow_plain:
        raise PolicyError(
            'sandbox.kind is "plain", which isolates nothing',
            found="sandbox.allow_plain is false",
            todo='set sandbox.allow_plain to true if agents may have every right of yours, or sandbox.kind to "auto"',
        )
    return PlainSandbox()
