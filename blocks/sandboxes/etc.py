"""The files of /etc that a sandbox gets of its own: one user, one host, nothing of the machine's."""

from pathlib import Path

from linestop.blocks.sandboxes.cells import Scratch
from linestop.ports import Confinement, Network

_HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"


def written_etc(made: Scratch, confinement: Confinement, *, uid: int, home: Path, gid: int | None = None) -> None:
    """Write them to the cell's folder."""
    gid = uid if gid is None else gid
    files = {
        "passwd": f"root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nagent:x:{uid}:{gid}:agent:{home}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "group": f"root:x:0:\nagent:x:{gid}:\nnogroup:x:65534:\n",
        "hosts": _HOSTS,
        "hostname": "sandbox\n",
    }
    if confinement.network is not Network.OPEN:
        files["resolv.conf"] = "# no name server is reached from here\n"
    for name, text in files.items():
        (made.etc / name).write_text(text)
        (made.etc / name).chmod(0o644)
