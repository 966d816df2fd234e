// Access: organization, identity providers, policies and applications.
import assert from "node:assert/strict";
import { all, check, client, readOnly, refusal, zone } from "./checks.mjs";

const account_id = zone.account.id;
const { access, identityProviders, organizations } = client.zeroTrust;
const { applications, policies } = access;
const rule = { name: "family", decision: "allow", include: [{ email: { email: "me@example.test" } }] };
const site = { account_id, type: "self_hosted", name: "SDK", domain: "sdk.example.test" };
let policy, app;

await check("the organization says where visitors log in", async () => {
  assert.match((await organizations.list({ account_id })).auth_domain, /\.cloudflareaccess\.com$/);
});

await check("an identity provider is created once", async () => {
  const pin = { account_id, type: "onetimepin", name: "One-time PIN", config: {} };
  const made = await identityProviders.create(pin);
  const types = (await all(identityProviders.list({ account_id }))).map(({ type }) => type);
  assert.deepEqual(types.sort(), ["cloudflare", "onetimepin"]);
  assert.deepEqual(await refusal(identityProviders.create(pin)), { kind: "ConflictError", status: 409, code: 12132 });
  assert.equal((await identityProviders.delete(made.id, { account_id })).id, made.id);
});

await check("a reusable policy is created, read and replaced", async () => {
  policy = await policies.create({ account_id, ...rule });
  assert.deepEqual([policy.reusable, policy.app_count, policy.decision], [true, 0, "allow"]);
  const replaced = await policies.update(policy.id, { account_id, ...rule, name: "friends" });
  assert.equal(replaced.name, "friends");
  assert.deepEqual(await policies.get(policy.id, { account_id }), replaced);
  assert.deepEqual((await all(policies.list({ account_id }))).map(({ id }) => id), [policy.id]);
});

await check("an application names a policy and gets a tag", async () => {
  const destinations = [{ type: "public", uri: site.domain }];
  app = await applications.create({ ...site, destinations, policies: [{ id: policy.id, precedence: 1 }] });
  assert.match(app.aud, /^[0-9a-f]{64}$/);
  assert.deepEqual(app.policies.map(({ name, precedence }) => [name, precedence]), [["friends", 1]]);
  assert.deepEqual(await applications.get(app.id, { account_id }), app);
});

await check("applications are found by domain, name and tag", async () => {
  for (const query of [{ domain: site.domain, exact: true }, { name: "sd" }, { aud: app.aud }, {}]) {
    const found = await all(applications.list({ account_id, ...query }));
    assert.deepEqual(found.map(({ id }) => id), [app.id], JSON.stringify(query));
  }
  assert.deepEqual(await all(applications.list({ account_id, name: "sd", exact: true })), []);
});

await check("an application is replaced and keeps its tag", async () => {
  const replaced = await applications.update(app.id, { ...site, name: "New", policies: [policy.id] });
  assert.deepEqual([replaced.name, replaced.aud, replaced.policies.length], ["New", app.aud, 1]);
});

await check("unknown policies and foreign names are refused", async () => {
  const refused = { kind: "BadRequestError", status: 400, code: 12130 };
  const unknown = [{ id: "00000000-0000-4000-8000-000000000000", precedence: 1 }];
  const other = { ...site, domain: "other.example.test" };
  assert.deepEqual(await refusal(applications.create({ ...other, policies: unknown })), refused);
  assert.deepEqual(await refusal(applications.create({ ...site, domain: "example.org" })), refused);
  const taken = await refusal(applications.create(site));
  assert.deepEqual(taken, { kind: "ConflictError", status: 409, code: 12132 });
});

await check("a token for zones may not look at Access", async () => {
  const call = readOnly.zeroTrust.access.applications.get(app.id, { account_id });
  assert.deepEqual(await refusal(call), { kind: "PermissionDeniedError", status: 403, code: 10000 });
});

await check("a policy is deleted after the application that uses it", async () => {
  assert.equal((await refusal(policies.delete(policy.id, { account_id }))).kind, "ConflictError");
  assert.equal((await applications.delete(app.id, { account_id })).id, app.id);
  await policies.delete(policy.id, { account_id });
  const missing = { kind: "NotFoundError", status: 404 };
  assert.deepEqual(await refusal(applications.get(app.id, { account_id })), { ...missing, code: 11021 });
  assert.deepEqual(await refusal(policies.get(policy.id, { account_id })), { ...missing, code: 12135 });
});
