"""The processes of the lab's outside: CoreDNS, Pebble, the TLS in front of a Cloudflare API that speaks plain HTTP, and
the edge where visitors and the stand-in cloudflared meet.

    outside.py PROGRAMS FOLDER CLOUDFLARE RESOLVER EDGE CONTROL TOKEN

All but the first two and the last are HOST:PORT of a practice homelab; see edge.py. FOLDER holds what outside.sh made.
Ends its children when it is ended.
"""

import asyncio
import os
import pathlib
import signal
import ssl
import subprocess
import sys

from edge import Edge, pour

programs, folder, cloudflare, resolver = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
edge = Edge(cloudflare, *sys.argv[5:8])


async def converse(reader, writer):
    host, port = cloudflare.rsplit(":", 1)
    try:
        onward = await asyncio.open_connection(host, int(port))
    except OSError as error:
        print("the API is not there:", error, flush=True)
        writer.close()
        return
    await asyncio.gather(pour(reader, onward[1]), pour(onward[0], writer))


async def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "api.cloudflare.com.pem", folder / "api.cloudflare.com.key")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await asyncio.start_server(edge.connected, "10.88.0.1", 7844)
    await asyncio.start_server(edge.visited, "10.88.0.1", 8001)
    async with await asyncio.start_server(converse, "10.88.0.1", 443, ssl=context):
        await ended.wait()


# Neither the waiting nor the mistakes that Pebble makes on purpose: they try ACME clients, and cost minutes.
quiet = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
children = [
    subprocess.Popen([programs / "coredns", "-conf", folder / "Corefile"]),
    subprocess.Popen(
        [programs / "pebble", "-config", folder / "pebble.json", "-dnsserver", resolver], env=os.environ | quiet
    ),
]
try:
    asyncio.run(serve())
finally:
    for child in children:
        child.kill()
