"""measure.py WORKDIR ROUNDS [PART]…: discovery beside its peers, interleaved, with goals and load. See run."""

import json, os, re, socket, statistics as st, subprocess, sys, tempfile, threading, time
from lab import HERE, SCAN, Lab, inside, sh

WORK, ROUNDS, PARTS = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
OURS = f"{WORK}/scan"
PLAIN = "setpriv --reuid 65534 --regid 65534 --clear-groups"
NET = "10.77.0.0/24"
HOSTS = [f"10.77.0.{3 + n * 12}" for n in range(1, 21)]


def load():
    return os.getloadavg()[0]


def lines(command, limit=1000):
    """Runs a command in the scanning namespace; yields (seconds since its start, line)."""
    start = time.perf_counter()
    process = subprocess.Popen(inside(SCAN, command), shell=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
    killer = threading.Timer(limit, process.kill)
    killer.start()
    for line in process.stdout:
        yield time.perf_counter() - start, line
    process.wait()
    killer.cancel()
    yield time.perf_counter() - start, None


def ours(command, own):
    """Seconds at which each address was known, the end, and every host line with its time."""
    seen, told, end = {}, [], 0
    for at, line in lines(command):
        if line is None:
            end = at
            continue
        event = json.loads(line)
        if event["event"] == "host" and event["host"]["present"]:
            told.append((at, event["host"]))
            for address in event["host"]["addresses"]:
                if address != own:
                    seen.setdefault(address, at)
    return seen, end, told


def peer(command, pattern):
    seen, end = {}, 0
    for at, line in lines(command):
        if line is None:
            end = at
        else:
            for address in re.findall(pattern, line):
                seen.setdefault(address, at)
    return seen, end


def spread(values):
    values = sorted(values)
    return f"p50 {st.median(values):.3f} min {values[0]:.3f} p99 {values[max(0, -(-len(values) * 99 // 100) - 1)]:.3f} s"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def verdict(good):
    return "met" if good else "**missed**"


NMAP = (r"Host: (10\.\d+\.\d+\.\d+) .*Up",)


def part_lan():
    """P1: every live host of a /24 on screen."""
    print(f"\n## /24, {len(HOSTS)} hosts, cold cache, {ROUNDS} rounds interleaved\n")
    lab = Lab(HOSTS, "10.77.0.2/24")
    tools = {
        "portico, no privilege": ("ours", f"{PLAIN} {OURS} --no-mdns {NET}"),
        "portico, raw ARP": ("ours", f"{OURS} --raw --no-mdns {NET}"),
        "nmap -sn -n": ("peer", f"nmap -sn -n {NET} -oG -", *NMAP),
        "nmap -sn -n --min-rate 5000": ("peer", f"nmap -sn -n --min-rate 5000 {NET} -oG -", *NMAP),
        "arp-scan": ("peer", f"arp-scan -I eth0 -q -x {NET}", r"^(10\.77\S+)\t"),
        "arp-scan -B 10M -t 100": ("peer", f"arp-scan -I eth0 -q -x -B 10M -t 100 {NET}", r"^(10\.77\S+)\t"),
        "fping -a -g": ("peer", f"fping -aqg {NET}", r"^(10\.77\S+)"),
        "fping -a -g -i1 -r1 -t250": ("peer", f"fping -aqg -i1 -r1 -t250 {NET}", r"^(10\.77\S+)"),
    }
    results = {label: [] for label in tools}
    for _ in range(ROUNDS):
        for label, (kind, command, *pattern) in tools.items():
            lab.cold()
            seen, end = ours(command, "10.77.0.2")[:2] if kind == "ours" else peer(command, *pattern)
            seen.pop("10.77.0.2", None)
            results[label].append((seen, end, load()))
    row("tool", "all known, since start", "first known", "ended", "found", "invented", "load")
    row(*["---"] * 7)
    for label, runs in results.items():
        known = [max(seen.values(), default=float("nan")) for seen, _, _ in runs]
        first = [min(seen.values(), default=float("nan")) for seen, _, _ in runs]
        found = [len(set(seen) & set(HOSTS)) for seen, _, _ in runs]
        invented = sum(len(set(seen) - set(HOSTS)) for seen, _, _ in runs)
        ended = st.median(end for _, end, _ in runs)
        row(label, spread(known), f"{st.median(first):.3f} s", f"{ended:.3f} s", f"{min(found)}..{max(found)}", invented, f"{max(l for *_, l in runs):.1f}")
    p50 = st.median(max(seen.values()) for seen, *_ in results["portico, no privilege"])
    print(f"\ngoal: no privilege, all known p50 <= 0.060 s: {p50:.3f} s, {verdict(p50 <= 0.060)}")
    lab.close()


def part_recall():
    """P2: loss and delay."""
    print(f"\n## Recall, {ROUNDS} runs of {len(HOSTS)} hosts each\n")
    row("link", "tool", "host-runs found", "recall", "last host, median and worst", "ended", "invented", "load")
    row(*["---"] * 8)
    lab = Lab(HOSTS, "10.77.0.2/24")
    worst = 1.0
    for delay, jitter in [(0, 0), (1, 3), (60, 10)]:
        if delay:
            lab.delay(delay, jitter)
        for loss in (0, 5, 20):
            lab.loss(loss)
            link = f"{loss} % loss each way, RTT " + (f"{2 * delay}..{2 * (delay + jitter)} ms" if delay else "< 1 ms")
            tools = {
                "portico, no privilege": lambda: ours(f"{PLAIN} {OURS} --no-mdns {NET}", "10.77.0.2")[:2],
                "portico, raw ARP": lambda: ours(f"{OURS} --raw --no-mdns {NET}", "10.77.0.2")[:2],
                "nmap --min-rate 5000": lambda: peer(f"nmap -sn -n --min-rate 5000 {NET} -oG -", *NMAP),
            }
            results = {label: [] for label in tools}
            for _ in range(ROUNDS):
                for label, run in tools.items():
                    lab.cold()
                    results[label].append(run())
            for label, runs in results.items():
                found = sum(len(set(seen) & set(HOSTS)) for seen, _ in runs)
                invented = sum(len(set(seen) - set(HOSTS) - {"10.77.0.2"}) for seen, _ in runs)
                last = [max((at for address, at in seen.items() if address in HOSTS), default=0) for seen, _ in runs]
                all_runs = ROUNDS * len(HOSTS)
                if label.startswith("portico"):
                    worst = min(worst, found / all_runs)
                row(link, label, f"{found}/{all_runs}", f"{found / all_runs:.2%}", f"{st.median(last):.2f} / {max(last):.2f} s", f"{st.median(e for _, e in runs):.1f} s", invented, f"{load():.1f}")
    lab.loss(0)
    print(f"\ngoal: recall >= 99.9 % in every row of ours: worst {worst:.2%}, {verdict(worst >= 0.999)}")
    lab.close()


def overflows():
    return sh("dmesg").stdout.count("neighbor table overflow")


def part_large():
    """P3: a /16."""
    hosts = [f"10.78.{(n * 37) % 256}.{(n * 91) % 250 + 3}" for n in range(1, 41)]
    print(f"\n## /16, {len(hosts)} hosts, one run each\n")
    lab = Lab(hosts, "10.78.0.2/16")
    row("tool", "found", "invented", "last host", "ended", "overflow lines", "failed connections of another client", "load")
    row(*["---"] * 8)
    peers = [] if os.environ.get("QUICK") else [
        ("arp-scan -B 10M -t 100", lambda: peer("arp-scan -I eth0 -q -x -B 10M -t 100 10.78.0.0/16", r"^(10\.78\S+)\t")),
        ("nmap -sn -n --min-rate 20000", lambda: peer("nmap -sn -n --min-rate 20000 10.78.0.0/16 -oG -", *NMAP)),
    ]
    tools = [
        ("portico, raw ARP", lambda: ours(f"{OURS} --raw --large --no-mdns 10.78.0.0/16", "10.78.0.2")[:2]),
        ("portico, no privilege", lambda: ours(f"{PLAIN} {OURS} --large --no-mdns 10.78.0.0/16", "10.78.0.2")[:2]),
    ]
    goal = None
    for label, run in peers + tools:
        lab.cold()
        before, client = overflows(), Client(hosts[0])
        seen, end = run()
        seen.pop("10.78.0.2", None)
        failed, tried = client.stop()
        overflow = overflows() - before
        last = max(seen.values(), default=float("nan"))
        row(label, len(set(seen) & set(hosts)), len(set(seen) - set(hosts)), f"{last:.1f} s", f"{end:.1f} s", overflow, f"{failed} of {tried}", f"{load():.1f}")
        goal = (len(set(seen) & set(hosts)) == len(hosts), end, overflow)
    print(f"\ngoal: no privilege, 40 of 40, ended <= 230 s, no overflow line: {verdict(goal[0] and goal[1] <= 230 and not goal[2])}")
    lab.close()


class Client:
    """Another program of the scanning machine, that connects to one host each 50 ms (a refusal is an answer)."""

    def __init__(self, address):
        code = (
            "import socket,sys,time\n"
            "failed=tried=0\n"
            "import signal\n"
            "def end(*_): print(failed,tried); sys.exit()\n"
            "signal.signal(signal.SIGTERM,end)\n"
            "while True:\n"
            "  s=socket.socket(); s.settimeout(3); tried+=1\n"
            f"  try: s.connect(('{address}',22))\n"
            "  except ConnectionRefusedError: pass\n"
            "  except OSError: failed+=1\n"
            "  s.close(); time.sleep(.05)\n"
        )
        self.process = subprocess.Popen(["nsenter", f"--net=/run/netns/{SCAN}", "python3", "-c", code], stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.process.terminate()
        return map(int, self.process.communicate()[0].split())


def part_ssh():
    """P4: banner and host keys."""
    print(f"\n## SSH identification and host keys: 10 sshd among {len(HOSTS)} hosts, {ROUNDS} rounds\n")
    lab = Lab(HOSTS, "10.77.0.2/24")
    os.makedirs("/run/sshd", exist_ok=True)
    for number in range(1, 11):
        base = f"{WORK}/ssh{number}"
        for kind in ("ed25519", "ecdsa", "rsa"):
            sh(f"ssh-keygen -q -t {kind} -N '' -f {base}.{kind}")
        with open(f"{base}.conf", "w") as file:
            keys = "".join(f"HostKey {base}.{kind}\n" for kind in ("ed25519", "ecdsa", "rsa"))
            file.write(f"{keys}PidFile none\nMaxStartups 100\n")
        sh(inside(f"pb-h{number}", f"/usr/sbin/sshd -f {base}.conf"))
    served = HOSTS[:10]
    label = {"no": "portico, no privilege", "raw": "portico, raw ARP", "keyscan": "ssh-keyscan -T2"}
    first, every, ends, counts = ({key: [] for key in label} for _ in range(4))
    for _ in range(ROUNDS):
        for key, command in (("no", f"{PLAIN} {OURS} --no-mdns {NET}"), ("raw", f"{OURS} --raw --no-mdns {NET}")):
            lab.cold()
            seen, end, told = ours(command, "10.77.0.2")
            done = {}
            for at, host in told:
                for ssh in host["ssh"]:
                    if ssh["banner"] and ssh["keys"]:
                        done.setdefault((ssh["address"], 1), at)
                    if ssh["banner"] and len(ssh["keys"]) == 3:
                        done.setdefault((ssh["address"], 3), at)
            first[key] += [done[a, 1] - seen[a] for a in served if (a, 1) in done]
            every[key].append(max((done.get((a, 3), float("inf")) for a in served)))
            counts[key].append(sum((a, 3) in done for a in served))
            ends[key].append(end)
        lab.cold()
        targets = " ".join(f"10.77.0.{n}" for n in range(1, 255))
        seen, end = peer(f"ssh-keyscan -T2 -t ed25519,ecdsa,rsa {targets}", r"^(10\.77\S+) ssh-ed25519")
        every["keyscan"].append(end)
        counts["keyscan"].append(len(seen))
    row("tool", "banner and first key after a host's discovery", "all keys of all, since start", "hosts", "load")
    row(*["---"] * 5)
    for key, name in label.items():
        row(name, spread(first[key]) if first[key] else "-", spread(every[key]), f"{min(counts[key])}..{max(counts[key])} of 10", f"{load():.1f}")
    p50 = st.median(first["no"])
    p99 = sorted(first["no"])[-1]
    print(f"\ngoal: banner and key at most 0.150 s after a host's discovery: p50 {p50:.3f} s {verdict(p50 <= 0.150)}, worst {p99:.3f} s {verdict(p99 <= 0.150)}")
    lab.close()


def part_mdns():
    """P4: announcements."""
    print(f"\n## mDNS: {len(HOSTS)} avahi-daemons announcing _ssh._tcp, {ROUNDS} rounds\n")
    lab = Lab(HOSTS, "10.77.0.2/24")
    service = '<service-group><name replace-wildcards="yes">%h</name><service><type>_ssh._tcp</type><port>22</port></service></service-group>'
    with open(f"{WORK}/ssh.service", "w") as file:
        file.write(service)
    daemons = []
    for number in range(1, len(HOSTS) + 1):
        base = f"{WORK}/avahi{number}"
        with open(f"{base}.conf", "w") as file:
            file.write(f"[server]\nhost-name=machine{number}\nuse-ipv6=no\nenable-dbus=no\n[publish]\npublish-workstation=no\n")
        script = (
            "mkdir -p /run/avahi-daemon; mount -t tmpfs none /run/avahi-daemon; mount -t tmpfs none /etc/avahi/services; "
            f"cat {WORK}/ssh.service > /etc/avahi/services/ssh.service; exec avahi-daemon -f {base}.conf --no-drop-root --no-chroot --no-rlimits"
        )
        daemons.append(subprocess.Popen(["nsenter", f"--net=/run/netns/pb-h{number}", "unshare", "-m", "sh", "-c", script], stderr=subprocess.DEVNULL))
    time.sleep(8)
    last, counts = [], []
    for _ in range(ROUNDS):
        lab.cold()
        _, _, told = ours(f"{PLAIN} {OURS} {NET}", "10.77.0.2")
        named = {}
        for at, host in told:
            if any(service["kind"] == "_ssh._tcp" for service in host["services"]):
                named.setdefault(host["addresses"][0], at)
        counts.append(len(set(named) & set(HOSTS)))
        last.append(max(named.values(), default=float("inf")))
    for daemon in daemons:
        daemon.terminate()
        daemon.wait()
    row("tool", "all announcements, since start", "hosts", "load")
    row(*["---"] * 4)
    row("portico, no privilege", spread(last), f"{min(counts)}..{max(counts)} of {len(HOSTS)}", f"{load():.1f}")
    good = st.median(last) <= 1.2 and min(counts) == len(HOSTS)
    print(f"\ngoal: all of {len(HOSTS)} within 1.2 s: {st.median(last):.3f} s, {verdict(good)}")
    lab.close()


print(f"{time.strftime('%Y-%m-%d %H:%M')} UTC, {os.cpu_count()} cores, Linux {os.uname().release}, load {load():.1f}")
for name in PARTS or ["lan", "recall", "large", "ssh", "mdns"]:
    globals()[f"part_{name}"]()
