/** The list of flows: complete while flows come and go, and quick when there are ten thousand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FlowView, NewEvent } from "@sluice/contracts";
import { flowStream, normaliseDefinition } from "@sluice/domain";
import { AdminFixture } from "./support/admin-fixture.ts";

const definitionOf = (code: string): NewEvent => {
  const actions = [{ type: "STORE_DB" as const }];
  const normalised = normaliseDefinition({ code, topic: `many/${code}`, actions }, { timeoutSeconds: 10 });
  if (!normalised.ok) throw new Error(code);
  const data = { definition: normalised.definition, enabled: true };
  return { id: crypto.randomUUID(), type: "FlowDefined", schemaVersion: 1, data, metadata: {} };
};

describe("many flows", () => {
  it("lists each once by code, whatever is created and retired between the pages", async (t) => {
    const api = await new AdminFixture().start();
    t.after(() => api.stop());
    const codes = ["a", "B", "a.b", "a-b", "Z_9", "0", "b", "c", "d", "e"];
    for (const code of codes) await api.define(code, "t");
    const listed = await api.all<FlowView>("/api/v1/flows", 3);
    assert.deepEqual(
      listed.map((flow) => flow.code),
      codes.toSorted(),
    );
    let round = 0;
    const meanwhile = await api.all<FlowView>("/api/v1/flows", 3, async () => {
      round += 1;
      await api.define(`1-before-all-${round}`, "t");
      await api.define(`f-after-all-${round}`, "t");
      await api.call(`/api/v1/flows/f-after-all-${round}`, { method: "DELETE" });
      if (round === 1) await api.call(`/api/v1/flows/${listed[2]?.code}`, { method: "DELETE" });
    });
    assert.deepEqual(
      meanwhile.map((flow) => flow.code),
      codes.toSorted(),
    );
  });

  it("pages through ten thousand, asking for the counts of a page at once", async (t) => {
    const count = 10_000;
    const api = new AdminFixture();
    await api.realStore.start();
    // Stride through the codes, so that they were not created in their order.
    const codes = Array.from({ length: count }, (_, index) => `FLOW_${(index * 7_919) % count}`);
    for (let from = 0; from < count; from += 1_000) {
      const batch = codes.slice(from, from + 1_000).map((code) => {
        return { stream: flowStream(code), expected: "none" as const, events: [definitionOf(code)] };
      });
      await api.realStore.append(batch);
    }
    await api.realStore.stop();
    await api.start();
    t.after(() => api.stop());
    const started = performance.now();
    const listed = await api.all<FlowView>("/api/v1/flows", 500);
    const elapsed = performance.now() - started;
    assert.deepEqual(
      listed.map((flow) => flow.code),
      codes.toSorted(),
    );
    assert.equal(api.countsAsked, count / 500);
    // Measured: 0.3 s, most of it in parsing and checking the answers.
    assert.ok(elapsed < 10_000, `${elapsed} ms`);
  });
});
