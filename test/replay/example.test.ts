import assert from "node:assert/strict";
import { it } from "node:test";
import { runExample } from "../support/documented-example.ts";

it("docs/replay.md says what happens", async (t) => {
  assert.equal(await runExample(t, "replay.md"), 4, "replays whose output the document shows");
});
