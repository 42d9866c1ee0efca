import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { FlowDefinition, FlowDefinitionInput, WhatIfResult } from "@sluice/contracts";
import { normaliseDefinition } from "@sluice/domain";
import { mended, ReplayFixture, strict } from "./support/replay-fixture.ts";

const normalised = (input: FlowDefinitionInput): FlowDefinition => {
  const result = normaliseDefinition(input, { timeoutSeconds: 10 });
  assert.ok(result.ok);
  return result.definition;
};

describe("a what-if", () => {
  let fixture: ReplayFixture;
  beforeEach(async () => {
    fixture = new ReplayFixture();
    await fixture.start();
    await fixture.define(strict);
    await fixture.define({ code: "ALL", topic: "#", actions: [{ type: "STORE_DB" }] });
    await fixture.ingest("rooms/a/climate", '{"t":20.5}', '{"t":"21.0"}', "no json", '{"t":-4}', '{"t":"23.5"}');
    await fixture.ingest("garden/climate", '{"t":1}');
  });
  afterEach(() => fixture.stop());

  const tryOut = async (input: FlowDefinitionInput, window: object = { sourceFlow: input.code }) => {
    const before = await fixture.store.head();
    const order = { kind: "what-if" as const, flow: input.code, definition: normalised(input), ...window };
    const replay = await fixture.run(order);
    const { events } = await fixture.store.readAll({ limit: 100, ...(before === null ? {} : { after: before }) });
    assert.deepEqual(
      events.map(({ type }) => type),
      ["ReplayRequested", "ReplayCompleted"],
      "nothing else is recorded",
    );
    assert.equal(replay.state, "completed");
    return { ...replay, whatIf: replay.whatIf as WhatIfResult };
  };

  it("counts what would be accepted and rejected, before and after, by field", async () => {
    const minimum = { ...mended.payloadSchema.properties.t, minimum: 0 };
    const { whatIf, figures } = await tryOut({
      ...mended,
      payloadSchema: { ...mended.payloadSchema, properties: { t: minimum } },
    });
    assert.deepEqual(whatIf.before, { accepted: 2, flagged: 0, rejected: 3, unmatched: 0 });
    assert.deepEqual(whatIf.after, { accepted: 3, flagged: 0, rejected: 2, unmatched: 0 });
    assert.deepEqual([figures.scanned, figures.accepted, figures.rejected], [5, 3, 2]);
    assert.deepEqual(whatIf.fields, [
      { pointer: "/t", keyword: "type", before: 2, after: 0 },
      { pointer: "/t", keyword: "minimum", before: 0, after: 1 },
      { pointer: "", keyword: "json", before: 1, after: 1 },
    ]);
    assert.equal(whatIf.otherFields, false);
    assert.deepEqual(
      whatIf.newlyRejected.map(({ messageNumber }) => messageNumber),
      [4],
    );
    assert.deepEqual(
      whatIf.newlyAccepted.map(({ messageNumber }) => messageNumber),
      [2, 5],
    );
  });

  it("shows rows and requests of samples before and after", async () => {
    const hook = { id: "HOOK", type: "POST_ENDPOINT" as const, url: "http://127.0.0.1:9/hook?token=secret" };
    const { whatIf } = await tryOut({ ...mended, actions: [...mended.actions, hook] });
    const [sample] = whatIf.newlyAccepted;
    assert.equal(sample?.payload, '{"t":"21.0"}');
    assert.equal(sample?.topic, "rooms/a/climate");
    assert.equal(sample?.before.verdict, "rejected");
    assert.deepEqual(
      sample?.before.errors.map(({ pointer, keyword }) => [pointer, keyword]),
      [["/t", "type"]],
    );
    assert.deepEqual([sample?.before.rows, sample?.before.requests], [[], []]);
    assert.deepEqual(sample?.after, {
      verdict: "accepted",
      errors: [],
      rows: [{ action: "STORE_DB", attribute: "t", text: "21.0" }],
      requests: [{ action: "HOOK", url: "http://127.0.0.1:9/hook" }],
    });
  });

  it("tries a flow that is not there yet on what other flows recorded, each message once", async () => {
    const { whatIf } = await tryOut({ ...mended, code: "NEW", topic: "+/+/climate" }, { topic: "#" });
    assert.deepEqual(whatIf.before, { accepted: 0, flagged: 0, rejected: 0, unmatched: 6 });
    assert.deepEqual(whatIf.after, { accepted: 4, flagged: 0, rejected: 1, unmatched: 1 });
  });

  it("keeps its result bounded, whatever the traffic", async () => {
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}${"x".repeat(500)}`, "y".repeat(500)])),
    );
    await fixture.ingest("rooms/a/climate", ...Array.from({ length: 30 }, () => wide));
    const { whatIf } = await tryOut({ code: "ROOMS", topic: "rooms/#", actions: [{ type: "STORE_DB" }] });
    assert.equal(whatIf.newlyAccepted.length, 10);
    assert.ok(JSON.stringify(whatIf).length < 300_000);
  });

  it("is listed with its result after a restart", async () => {
    const { id, whatIf } = await tryOut(mended);
    await fixture.crash();
    const second = new ReplayFixture({ dataDir: fixture.dataDir });
    await second.start();
    assert.deepEqual((await second.ended(id)).whatIf, whatIf);
    await second.stop();
  });

  it("begins again after a crash", async () => {
    const asked = fixture.replays.request(
      { kind: "what-if", flow: "ROOMS", sourceFlow: "ROOMS", messagesPerSecond: 1, definition: normalised(mended) },
      {},
    );
    fixture.intercept = (batch, append) =>
      batch.some(({ events }) => events.some(({ type }) => type === "ReplayCompleted"))
        ? new Promise(() => {})
        : append(batch);
    const { id } = await asked;
    await fixture.crash();
    const second = new ReplayFixture({ dataDir: fixture.dataDir });
    await second.start();
    assert.equal((await second.ended(id)).whatIf?.after.accepted, 4);
    await second.stop();
  });
});
