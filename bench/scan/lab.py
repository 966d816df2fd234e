"""The links that discovery is measured on: network namespaces on one bridge, with loss and delay on demand.

One namespace for the bridge, one that scans, one for each other machine. Loss is nftables on the bridge; delay is
the relay beside this file, since not every kernel has netem.
"""

import atexit, os, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
BRIDGE, SCAN, RELAY = "pb-br", "pb-scan", "pb-relay"


def sh(line, check=True, **more):
    return subprocess.run(line, shell=True, check=check, capture_output=True, text=True, **more)


def inside(namespace, line):
    return f"nsenter --net=/run/netns/{namespace} {line}"


def batch(namespace, lines):
    sh(f"ip -n {namespace} -batch -", input="\n".join(lines) + "\n")


class Lab:
    """Machines pb-h1..pb-hN with the given addresses; the scanning one has `own` (with prefix length)."""

    def __init__(self, addresses, own):
        self.close()
        atexit.register(self.close)
        self.addresses, self.own, self.relay = addresses, own, None
        sh(f"ip netns add {BRIDGE}")
        batch(BRIDGE, ["link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0", "link set br0 up"])
        self.add(SCAN, own)
        for number, address in enumerate(addresses, 1):
            self.add(f"pb-h{number}", f"{address}/{own.split('/')[1]}")
        time.sleep(2)

    def add(self, name, address):
        sh(f"ip netns add {name}")
        batch(BRIDGE, [f"link add v-{name} type veth peer name eth0 netns {name}", f"link set v-{name} master br0 up"])
        self.up(name, address)

    def up(self, name, address):
        batch(name, ["link set lo up", "link set eth0 up", f"addr add {address} dev eth0"])
        # Behind the relay TCP would die of checksums that nobody finished.
        sh(inside(name, "ethtool -K eth0 tx off"))

    def cold(self):
        sh(f"ip -n {SCAN} neigh flush all", check=False)
        time.sleep(0.2)

    def loss(self, percent):
        sh(inside(BRIDGE, "nft delete table bridge f"), check=False)
        if percent:
            rule = f"add rule bridge f c numgen random mod 100 < {percent} drop"
            chain = "add chain bridge f c { type filter hook forward priority 0; }"
            sh(inside(BRIDGE, f"nft '{'; '.join(['add table bridge f', chain, rule])}'"))

    def delay(self, milliseconds, jitter):
        """Puts the scanning machine behind a relay that holds each frame for so long, one way."""
        if self.relay:
            self.relay.kill()
            self.relay.wait()
            self.relay = None
        else:
            sh(f"ip -n {SCAN} link del eth0")
            sh(f"ip netns add {RELAY}")
            sh(f"ip -n {SCAN} link add eth0 type veth peer name a netns {RELAY}")
            sh(f"ip -n {BRIDGE} link add v-relay type veth peer name b netns {RELAY}")
            batch(BRIDGE, ["link set v-relay master br0 up"])
            for end in "ab":
                batch(RELAY, [f"link set dev {end} up promisc on"])
            self.up(SCAN, self.own)
        command = inside(RELAY, f"python3 {HERE}/relay.py {milliseconds} {jitter}")
        self.relay = subprocess.Popen(command.split())
        time.sleep(1)

    def close(self):
        if getattr(self, "relay", None):
            self.relay.kill()
            self.relay.wait()
        for name in sh("ip netns list").stdout.split():
            if name.startswith("pb-"):
                for pid in sh(f"ip netns pids {name}", check=False).stdout.split():
                    sh(f"kill {pid}", check=False)
                sh(f"ip netns del {name}", check=False)
