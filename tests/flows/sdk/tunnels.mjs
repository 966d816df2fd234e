// Tunnels: their life, routes, tokens and connections.
import assert from "node:assert/strict";
import { account, all, check, client, readOnly, refusal, zone } from "./checks.mjs";

const account_id = zone.account.id;
const { cloudflared } = client.zeroTrust.tunnels;
const names = async (query) => (await all(cloudflared.list({ account_id, ...query }))).map(({ name }) => name);
let tunnel;

await check("a tunnel is created with its run token", async () => {
  tunnel = await cloudflared.create({ account_id, name: "sdk", config_src: "cloudflare" });
  assert.deepEqual([tunnel.status, tunnel.config_src, tunnel.account_tag], ["inactive", "cloudflare", account_id]);
  const token = JSON.parse(Buffer.from(tunnel.token, "base64").toString());
  assert.deepEqual([token.a, token.t], [account_id, tunnel.id]);
});

await check("the run token is a bare text", async () => {
  assert.equal(await cloudflared.token.get(tunnel.id, { account_id }), tunnel.token);
});

await check("a tunnel's name is taken", async () => {
  assert.deepEqual(await refusal(cloudflared.create({ account_id, name: "sdk" })), {
    kind: "ConflictError",
    status: 409,
    code: 1013,
  });
});

await check("tunnels are listed and filtered", async () => {
  assert.deepEqual((await names({ is_deleted: false })).sort(), ["office", "sdk"]);
  assert.deepEqual(await names({ name: "sdk", is_deleted: false }), ["sdk"]);
  assert.deepEqual(await names({ include_prefix: "off", status: "healthy" }), ["office"]);
  assert.deepEqual((await names({ per_page: 1 })).sort(), ["office", "sdk"]);
  assert.deepEqual(await names({ name: "none" }), []);
});

await check("a tunnel is read and renamed", async () => {
  const edited = await cloudflared.edit(tunnel.id, { account_id, name: "sdk-2" });
  assert.equal(edited.name, "sdk-2");
  assert.deepEqual(await cloudflared.get(tunnel.id, { account_id }), edited);
});

await check("a configuration starts at nothing and is replaced as a whole", async () => {
  const { configurations } = cloudflared;
  const before = await configurations.get(tunnel.id, { account_id });
  assert.deepEqual([before.version, before.config, before.source], [0, null, "cloudflare"]);
  for (const [version, hostname] of [[1, "a.example.test"], [2, "b.example.test"]]) {
    const rule = { hostname, service: "http://app:80", originRequest: { connectTimeout: 10, noTLSVerify: true } };
    const config = { ingress: [rule, { service: "http_status:404" }] };
    const after = await configurations.update(tunnel.id, { account_id, config });
    assert.equal(after.version, version);
    assert.deepEqual(after.config.ingress, config.ingress);
    assert.deepEqual(await configurations.get(tunnel.id, { account_id }), after);
  }
});

await check("a configuration without a catch-all is refused", async () => {
  const config = { ingress: [{ hostname: "a.example.test", service: "http://app:80" }] };
  assert.deepEqual(await refusal(cloudflared.configurations.update(tunnel.id, { account_id, config })), {
    kind: "BadRequestError",
    status: 400,
    code: 1056,
  });
});

await check("a tunnel that runs has connectors with four connections", async () => {
  const [office] = await all(cloudflared.list({ account_id, name: "office" }));
  const connectors = await all(cloudflared.connections.get(office.id, { account_id }));
  assert.deepEqual(connectors.map(({ conns }) => conns.length), [4]);
  assert.equal(connectors[0].conns[0].client_id, connectors[0].id);
  const one = await cloudflared.connectors.get(connectors[0].id, { account_id, tunnel_id: office.id });
  assert.deepEqual(one, connectors[0]);
  assert.deepEqual(await refusal(cloudflared.delete(office.id, { account_id })), {
    kind: "BadRequestError",
    status: 400,
    code: 1022,
  });
  assert.deepEqual(await all(cloudflared.connections.get(tunnel.id, { account_id })), []);
});

await check("connections are dropped", async () => {
  assert.equal((await cloudflared.connections.delete(tunnel.id, { account_id })) ?? null, null);
});

await check("an account's token may do it, too, and a token for zones may not", async () => {
  assert.equal((await account.zeroTrust.tunnels.cloudflared.get(tunnel.id, { account_id })).id, tunnel.id);
  assert.deepEqual(await refusal(readOnly.zeroTrust.tunnels.cloudflared.get(tunnel.id, { account_id })), {
    kind: "PermissionDeniedError",
    status: 403,
    code: 10000,
  });
});

await check("a deleted tunnel can be read, and its configuration cannot", async () => {
  assert.ok((await cloudflared.delete(tunnel.id, { account_id })).deleted_at);
  assert.equal((await cloudflared.get(tunnel.id, { account_id })).status, "down");
  assert.deepEqual(await names({ is_deleted: true }), ["sdk-2"]);
  assert.deepEqual(await refusal(cloudflared.configurations.get(tunnel.id, { account_id })), {
    kind: "NotFoundError",
    status: 404,
    code: 1055,
  });
});
