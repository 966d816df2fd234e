"""The mirror of the proving ground: K3s' release server, install script server, channel server and chart repositories
in one small HTTP server, over what the stand-in's build left in a directory.

    mirror.py OUTDIR INSTALL_SCRIPT FAULT_FILE

    /releases/VERSION/FILE         k3s, sha256sum-ARCH.txt, k3s-airgap-images-ARCH.tar
    /install/VERSION/install.sh    and install.sh.sha256sum
    /channels                      JSON; /channels/NAME redirects to the release, as K3s' own does
    /charts/NAME/index.yaml        a Helm repository per chart
    /registry/NAME.tar             images that no K3s brings along, as archives

The fault file is read at every request, so that a test can change its mind. One fault a line, FILE is a file name:
    corrupt FILE        the last byte is another one          wrong-sum FILE     its published checksum is of something else
    missing FILE        404                                   error FILE         500
    slow FILE RATE      RATE bytes a second                   cut FILE BYTES     the connection ends after BYTES
    html FILE           200 and a login page, as behind a captive portal
Deliberately not here: TLS, ranges, caching.
"""

import hashlib
import http.server
import json
import os
import pathlib
import platform
import sys
import time
import urllib.parse

ADDRESS = ("10.88.0.1", 8000)
VERSION = os.environ.get("PORTICO_K3S_VERSION", "v1.34.4+k3s1")
CHANNELS = ["stable", "latest", "v1.34"]
ARCH = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}[platform.machine()]
BINARY = {"amd64": "k3s", "arm64": "k3s-arm64", "arm": "k3s-armhf"}[ARCH]
CHUNK = 1 << 20

out, install_script, fault_file = (pathlib.Path(p) for p in sys.argv[1:4])
digests = {}


def digest(path):
    """SHA-256 of a file, computed once for each of its versions."""
    stat = path.stat()
    key = (path, stat.st_mtime_ns, stat.st_size)
    if key not in digests:
        with path.open("rb") as file:
            digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests[key]


def faults(name):
    """The faults that are set for a file name: kind -> argument."""
    try:
        lines = [line.split() for line in fault_file.read_text().splitlines()]
    except FileNotFoundError:
        return {}
    return {line[0]: int(line[2]) if len(line) > 2 else 0 for line in lines if line[1:2] == [name]}


def published_sum(path, name):
    if "wrong-sum" in faults(name):
        return hashlib.sha256(b"something else").hexdigest()
    return digest(path)


def release_files():
    """The files of a release, by the names under which K3s publishes them."""
    images = sorted(out.glob(f"k3s-airgap-images-{ARCH}.tar*"))
    return {BINARY: out / "k3s", **{path.name: path for path in images}}


class Mirror(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/").split("/")
        answer = self.find(parts)
        name = parts[-1]
        fault = faults(name)
        if answer is None or "missing" in fault:
            self.body(b"Not Found\n", 404)
        elif "error" in fault:
            self.body(b"Internal Server Error\n", 500)
        elif "html" in fault:
            self.body(b"<!doctype html><title>Welcome to the guest network</title>\n", 200, "text/html")
        elif isinstance(answer, pathlib.Path):
            self.file(answer, fault)
        elif isinstance(answer, str):
            self.send_response(302)
            self.send_header("Location", answer)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.body(*answer)

    do_HEAD = do_GET

    def find(self, parts):
        """A path to send, an address to redirect to, a body with status and type, or None."""
        match parts:
            case ["channels"]:
                data = [{"id": channel, "type": "channel", "name": channel, "latest": VERSION} for channel in CHANNELS]
                return json.dumps({"type": "collection", "data": data}).encode(), 200, "application/json"
            case ["channels", channel] if channel in CHANNELS:
                return f"/releases/tag/{urllib.parse.quote(VERSION)}"
            case ["releases", "tag", version] if version == VERSION:
                return version.encode(), 200, "text/plain"
            case ["releases", version, name] | ["releases", "download", version, name] if version == VERSION:
                files = release_files()
                if name == f"sha256sum-{ARCH}.txt":
                    lines = [f"{published_sum(path, file)}  {file}\n" for file, path in files.items()]
                    return "".join(lines).encode(), 200, "text/plain"
                return files.get(name)
            case ["install", version, "install.sh"] if version == VERSION:
                return install_script
            case ["install", version, "install.sh.sha256sum"] if version == VERSION:
                return f"{published_sum(install_script, 'install.sh')}  install.sh\n".encode(), 200, "text/plain"
            case ["charts" | "registry" as shelf, *rest]:
                path = (out / shelf).joinpath(*rest)
                return path if ".." not in rest and path.is_file() else None
        return None

    def body(self, content, status=200, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def file(self, path, fault):
        size = path.stat().st_size
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "HEAD":
            return
        end = min(size, fault.get("cut", size))
        chunk = max(1, fault["slow"] // 10) if "slow" in fault else CHUNK
        sent = 0
        with path.open("rb") as file:
            while sent < end:
                piece = bytearray(file.read(min(chunk, end - sent)))
                sent += len(piece)
                if "corrupt" in fault and sent == size:
                    piece[-1] ^= 0xFF
                self.wfile.write(piece)
                if "slow" in fault:
                    time.sleep(0.1)
        self.close_connection = end < size


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up in the middle is an ordinary event here."""


Server(ADDRESS, Mirror).serve_forever()
