import assert from "node:assert/strict";
import { it } from "node:test";
import { runExample } from "../support/documented-example.ts";

it("docs/replay.md says what happens", async (t) => {
  const { told } = await runExample(t, "replay.md");
  assert.equal(told, 4, "replays whose output the document shows");
});
