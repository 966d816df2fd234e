"""The processes of the lab's outside: CoreDNS, Pebble, and the TLS in front of a Cloudflare API that speaks plain HTTP.

    outside.py PROGRAMS FOLDER CLOUDFLARE RESOLVER

CLOUDFLARE and RESOLVER are HOST:PORT. FOLDER holds what outside.sh made. Ends its children when it is ended.
"""

import asyncio
import os
import pathlib
import signal
import ssl
import subprocess
import sys

programs, folder, cloudflare, resolver = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]


async def pour(source, sink):
    """Copies one direction of a conversation until its end."""
    try:
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


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
