"""The processes of the lab's outside: CoreDNS, Pebble, and the TLS in front of a Cloudflare API that speaks plain HTTP.

    outside.py PROGRAMS FOLDER CLOUDFLARE RESOLVER

CLOUDFLARE and RESOLVER are HOST:PORT. FOLDER holds what outside.sh made. Ends its children when it is ended.
"""

import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading

programs, folder, cloudflare, resolver = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]


def pour(source, sink):
    """Copies one direction of a conversation until its end."""
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def converse(context, plain):
    host, port = cloudflare.rsplit(":", 1)
    try:
        client = context.wrap_socket(plain, server_side=True)
        server = socket.create_connection((host, int(port)))
    except OSError as error:
        print("a visitor of the API is turned away:", error, flush=True)
        plain.close()
        return
    threading.Thread(target=pour, args=(client, server), daemon=True).start()
    pour(server, client)


def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "api.cloudflare.com.pem", folder / "api.cloudflare.com.key")
    listener = socket.create_server(("10.88.0.1", 443), backlog=64)
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=converse, args=(context, plain), daemon=True).start()


# Neither the waiting nor the mistakes that Pebble makes on purpose: they try ACME clients, and cost minutes.
quiet = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
children = [
    subprocess.Popen([programs / "coredns", "-conf", folder / "Corefile"]),
    subprocess.Popen(
        [programs / "pebble", "-config", folder / "pebble.json", "-dnsserver", resolver], env=os.environ | quiet
    ),
]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    serve()
finally:
    for child in children:
        child.kill()
