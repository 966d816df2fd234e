// How failures on the way look to the SDK: too many calls, pages in place of JSON, answers that end early.
import assert from "node:assert/strict";
import { check, client, refusal } from "./checks.mjs";

/** Calls once while the next call meets this fault. */
async function under(fault) {
  const rules = [{ service: "cloudflare", call: "GET */user/tokens/verify", fault }];
  const headers = { "content-type": "application/json" };
  const set = await fetch(`${process.env.CONTROL_URL}/faults`, { method: "POST", headers, body: JSON.stringify(rules) });
  assert.equal(set.status, 204);
  return refusal(client.user.tokens.verify());
}

const expected = [
  [{ kind: "rate-limit", retryAfter: 7 }, { kind: "RateLimitError", status: 429, code: 971 }],
  [{ kind: "html-error", status: 503 }, { kind: "InternalServerError", status: 503, code: undefined }],
  [{ kind: "drop-before" }, { kind: "APIConnectionError", status: undefined, code: undefined }],
  [{ kind: "drop-after" }, { kind: "APIConnectionError", status: undefined, code: undefined }],
];
for (const [fault, seen] of expected) {
  await check(`${fault.kind} is a ${seen.kind}`, async () => assert.deepEqual(await under(fault), seen));
}

await check("an answer that is torn is an error", async () => {
  assert.match((await under({ kind: "torn" })).kind, /Error$/);
});
