// What the checks share: clients, the account under test, and counting.
import assert from "node:assert/strict";
import Cloudflare from "cloudflare";

const baseURL = process.env.CLOUDFLARE_BASE_URL;
const as = (apiToken) => new Cloudflare({ apiToken, baseURL, maxRetries: 0 });
export const client = as(process.env.USER_TOKEN);
export const readOnly = as(process.env.READ_ONLY_TOKEN);
export const account = as(process.env.ACCOUNT_TOKEN);

let passed = 0;
let failed = 0;
export async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.stack}`);
  }
}

/** Prints the sum; whether all went well. */
export function tell() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

export async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** The error that a call ends in, with Cloudflare's first code. */
export async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return { kind: error.constructor.name, status: error.status, code: error.errors?.[0]?.code };
  }
  assert.fail("the call was not refused");
}

/** The zone that is worked in, and through it the account. */
export const [zone] = await all(client.zones.list({ name: "example.test" }));
