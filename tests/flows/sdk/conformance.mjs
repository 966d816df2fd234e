// Cloudflare's official TypeScript SDK against the practice API: what the SDK can do there, it can do here.
//
// Given by the environment: CLOUDFLARE_BASE_URL (ends in /client/v4), CONTROL_URL (practice's own door, for faults),
// USER_TOKEN, ACCOUNT_TOKEN, READ_ONLY_TOKEN. Prints a line for each check and "N passed, N failed"; exit status 1
// when one failed. It changes only what it made itself, and deletes it again.
import { tell } from "./checks.mjs";

// One after the other: modules that wait would run side by side as plain imports.
for (const part of ["dns", "tunnels", "access", "errors"]) await import(`./${part}.mjs`);
process.exit(tell() ? 0 : 1);
