import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { runExample } from "../support/documented-example.ts";

const SQLITE3 = join(import.meta.dirname, "sqlite3.ts");

it("docs/rebuild.md says what happens", async (t) => {
  const told = await runExample(t, "rebuild.md", {
    programs: { sqlite3: `exec "${process.execPath}" "${SQLITE3}" "$@"` },
    settle: async (gateway) => void (await gateway.caughtUp()),
  });
  assert.equal(told, 3, "commands whose output the document shows");
});
