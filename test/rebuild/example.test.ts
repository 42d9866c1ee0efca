import assert from "node:assert/strict";
import { it } from "node:test";
import { runExample } from "../support/documented-example.ts";
import { findProgram, requireService } from "../support/services.ts";

it("docs/rebuild.md says what happens", async (t) => {
  if (!requireService(t, "sqlite3", findProgram("sqlite3") !== null)) return;
  const { told } = await runExample(t, "rebuild.md");
  assert.equal(told, 3, "commands whose output the document shows");
});
