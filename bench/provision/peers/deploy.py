"""The same work by pyinfra."""

from pyinfra import host
from pyinfra.facts.hardware import Memory
from pyinfra.facts.server import Arch, LinuxDistribution
from pyinfra.operations import files, server
from pyinfra.operations.util import any_changed

host.get_fact(Arch)
host.get_fact(LinuxDistribution)
host.get_fact(Memory)

work, sha256, role = host.data.work, host.data.sum, host.data.role

for path in ["/etc/rancher/k3s", "/usr/local/lib/portico"]:
    files.directory(path=path, mode="755")
wanted = [
    (f"{work}/k3s", "/usr/local/bin/k3s", "755"),
    (f"{work}/config-{host.name}.yaml", "/etc/rancher/k3s/config.yaml", "600"),
    (f"{work}/install.sh", "/usr/local/lib/portico/install.sh", "755"),
]
if role == "agent":
    wanted.append((f"{work}/join-token", "/etc/rancher/k3s/join-token", "600"))
changes = [files.put(src=src, dest=dest, mode=mode) for src, dest, mode in wanted]
server.shell(commands=[f"echo '{sha256}  /usr/local/bin/k3s' | sha256sum -c"])
server.shell(
    commands=[f"INSTALL_K3S_SKIP_DOWNLOAD=true sh /usr/local/lib/portico/install.sh {role}"],
    _if=any_changed(*changes),
)
