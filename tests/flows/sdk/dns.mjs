// Zones, records and tokens.
import assert from "node:assert/strict";
import { account, all, check, client, readOnly, refusal, zone } from "./checks.mjs";

const zone_id = zone.id;
const plain = { zone_id, type: "A", name: "sdk.example.test", content: "192.168.1.81", ttl: 120 };
let record;

await check("zones are listed, with their account", async () => {
  assert.match(zone.account.id, /^[0-9a-f]{32}$/);
  assert.deepEqual((await all(client.zones.list())).map((zone) => zone.name).sort(), ["example.net", "example.test"]);
});

await check("a zone is read", async () => {
  const { status, name_servers } = await client.zones.get({ zone_id });
  assert.equal(status, "active");
  assert.ok(name_servers.length >= 2);
});

await check("a user token is verified", async () => {
  assert.equal((await client.user.tokens.verify()).status, "active");
});

await check("an account token is verified at its account and nowhere else", async () => {
  const account_id = zone.account.id;
  assert.equal((await account.accounts.tokens.verify({ account_id })).status, "active");
  assert.deepEqual(await refusal(account.user.tokens.verify()), {
    kind: "AuthenticationError",
    status: 401,
    code: 1000,
  });
});

await check("a record is created", async () => {
  record = await client.dns.records.create({ ...plain, comment: "made by the SDK" });
  assert.equal(record.name, "sdk.example.test");
  assert.equal(record.comment, "made by the SDK");
  assert.ok(!Number.isNaN(Date.parse(record.created_on)));
});

await check("records are listed with dotted filters", async () => {
  const found = await all(
    client.dns.records.list({ zone_id, name: { startswith: "sdk." }, comment: { contains: "SDK" }, type: "A" }),
  );
  assert.deepEqual(found.map((item) => item.id), [record.id]);
  assert.deepEqual(await all(client.dns.records.list({ zone_id, name: { exact: "none.example.test" } })), []);
});

await check("a record is read", async () => {
  assert.deepEqual(await client.dns.records.get(record.id, { zone_id }), record);
});

await check("an edit keeps what it does not name", async () => {
  const edited = await client.dns.records.edit(record.id, { ...plain, ttl: undefined, content: "192.168.1.82" });
  assert.equal(edited.content, "192.168.1.82");
  assert.equal(edited.ttl, 120);
  assert.equal(edited.comment, "made by the SDK");
});

await check("an update resets what it does not name", async () => {
  const updated = await client.dns.records.update(record.id, { ...plain, ttl: 1, content: "192.168.1.83" });
  assert.equal(updated.content, "192.168.1.83");
  assert.equal(updated.comment ?? null, null);
});

await check("a conflict is a bad request with its code", async () => {
  const cname = { zone_id, type: "CNAME", name: plain.name, content: "example.test", ttl: 1 };
  assert.deepEqual(await refusal(client.dns.records.create(cname)), {
    kind: "BadRequestError",
    status: 400,
    code: 81053,
  });
});

await check("a token that may not write is denied", async () => {
  assert.deepEqual(await refusal(readOnly.dns.records.create({ ...plain, name: "other" })), {
    kind: "PermissionDeniedError",
    status: 403,
    code: 10000,
  });
});

await check("a batch swaps an address for a tunnel in one go", async () => {
  const result = await client.dns.records.batch({
    zone_id,
    deletes: [{ id: record.id }],
    posts: [{ type: "CNAME", name: plain.name, content: "t.cfargotunnel.com", proxied: true, ttl: 1 }],
  });
  assert.equal(result.deletes[0].id, record.id);
  assert.equal(result.posts[0].proxied, true);
  record = result.posts[0];
});

await check("a batch with one bad operation does nothing", async () => {
  const call = client.dns.records.batch({ zone_id, deletes: [{ id: record.id }], posts: [{ ...plain, content: "x" }] });
  assert.equal((await refusal(call)).code, 9005);
  assert.equal((await client.dns.records.get(record.id, { zone_id })).type, "CNAME");
});

await check("pages are followed to the end", async () => {
  const posts = Array.from({ length: 25 }, (_, number) => ({ ...plain, zone_id: undefined, name: `page-${number}` }));
  const made = await client.dns.records.batch({ zone_id, posts });
  const found = await all(client.dns.records.list({ zone_id, name: { startswith: "page-" }, per_page: 10 }));
  assert.deepEqual(found.map((item) => item.id).sort(), made.posts.map((item) => item.id).sort());
  await client.dns.records.batch({ zone_id, deletes: made.posts.map(({ id }) => ({ id })) });
});

await check("a zone is exported as text", async () => {
  assert.match(await client.dns.records.export({ zone_id }), /sdk\.example\.test\.\t1\tIN\tCNAME\tt\.cfargotunnel\.com\./);
});

await check("a deleted record is not found again", async () => {
  assert.equal((await client.dns.records.delete(record.id, { zone_id })).id, record.id);
  assert.deepEqual(await refusal(client.dns.records.get(record.id, { zone_id })), {
    kind: "NotFoundError",
    status: 404,
    code: 81044,
  });
});

await check("a zone says what it does with certificates and aliases", async () => {
  assert.equal((await client.ssl.universal.settings.get({ zone_id })).enabled, true);
  assert.equal((await client.dns.settings.zone.get({ zone_id })).flatten_all_cnames, false);
});

await check("a token that may not read accounts sees none", async () => {
  assert.deepEqual(await all(client.accounts.list()), []);
});
