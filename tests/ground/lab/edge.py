"""Cloudflare's edge as far as the ground needs one: visitors come to port 8001, cloudflared to port 7844.

What becomes of a visitor is decided by the practice homelab's edge, from its records, certificates, Access and routes;
only where that one cannot reach the origin, the visitor is led there through a waiting connection of the cluster's own
cloudflared, to the service that the tunnel's configuration names. Plain HTTP, one request a connection.
"""

import asyncio
import base64
import collections
import json
import urllib.request


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


class Edge:
    def __init__(self, cloudflare, practice, control, token):
        self.cloudflare, self.practice, self.control, self.token = cloudflare, practice, control, token
        self.waiting = collections.defaultdict(list)
        self.telling = asyncio.Lock()

    def api(self, path):
        url = f"http://{self.cloudflare}/client/v4/{path}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)["result"]

    async def tell(self, tunnel):
        """Practice knows who is connected, a process by four connections; in turn, so that the last word is the true one."""
        async with self.telling:
            await asyncio.to_thread(self.told, tunnel, (len(self.waiting[tunnel]) + 3) // 4)

    def told(self, tunnel, replicas):
        name = self.api(tunnel)["name"]
        url = f"http://{self.control}/practice/tunnels/{name}/connect?replicas={replicas}"
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=30).close()

    async def connected(self, reader, writer):
        """A connection of a cloudflared: it says its token, is taken, and waits for a visitor."""
        try:
            token = (await reader.readline()).decode().strip()
            said = json.loads(base64.b64decode(token))
            tunnel = f"accounts/{said['a']}/cfd_tunnel/{said['t']}"
            if await asyncio.to_thread(self.api, f"{tunnel}/token") != token:
                raise ValueError("Unauthorized: Invalid tunnel secret")
        except (OSError, ValueError, KeyError) as error:
            print("turned away:", error, flush=True)
            writer.close()
            return
        mine, waiting = (reader, writer), self.waiting[tunnel]
        waiting.append(mine)
        writer.write(b"ok\n")
        await self.tell(tunnel)
        while mine in waiting and not reader.at_eof():
            await asyncio.sleep(0.2)
        if mine in waiting:
            waiting.remove(mine)
            writer.close()
            await self.tell(tunnel)

    async def visited(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n")[:-2] if not line.lower().startswith(b"connection:")]
            head = b"\r\n".join(lines + [b"Connection: close", b"", b""])
            named = next(line for line in lines if line.lower().startswith(b"host:"))
            host = named.split(b":")[1].strip().decode().lower()
            answer = await self.asked(head)
            if b"error code: 502" in answer and (origin := await asyncio.to_thread(self.origin, host)):
                tunnel, service = origin
                there = self.waiting[tunnel].pop(0)
                there[1].write(f"{service} {host}\n".encode() + head)
                await asyncio.gather(pour(reader, there[1]), pour(there[0], writer))
                return
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, StopIteration, IndexError) as error:
            print("a visitor was lost:", repr(error), flush=True)
        finally:
            writer.close()

    async def asked(self, head):
        host, port = self.practice.rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head)
        answer = await reader.read()
        writer.close()
        return answer

    def origin(self, host):
        """The tunnel with a rule for the host, and the service that the rule leads to."""
        for tunnel in [tunnel for tunnel, waiting in self.waiting.items() if waiting]:
            config = self.api(f"{tunnel}/configurations")["config"] or {}
            for rule in config.get("ingress", []):
                if rule.get("hostname") == host:
                    return tunnel, rule["service"]
        return None
