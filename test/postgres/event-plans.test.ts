/** Every statement of the event store is answered by indexes, on an empty log as on a filled one. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import type { EventFilter } from "@sluice/domain";
import { failed, received, stored, to } from "../conformance/event-store-support.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { plansOf, recordStatements } from "../support/postgres-plans.ts";

const filters: readonly EventFilter[] = [
  {},
  { flow: "A" },
  { stream: "traffic-A-20260101" },
  { messageId: "m" },
  { types: ["ValidationFailed", "FlowRetired"] },
  { types: ["MessageReceived"] },
  { types: ["StoredAttribute", "MessageReceived"] },
  { types: ["EndpointForwarded"] },
  { flow: "A", types: ["StoredAttribute"] },
  { flow: "A", types: ["ValidationFailed", "EndpointForwarded"] },
  { stream: "traffic-A-20260101", types: ["ValidationFailed"] },
  { stream: "traffic-A-20260101", flow: "A" },
  { flow: "A", recordedFrom: "1970-01-01T00:00:00.000Z", recordedTo: "2999-01-01T00:00:00.000Z" },
  { messageId: "m", flow: "A", types: ["StoredAttribute"] },
  { recordedFrom: "1970-01-01T00:00:00.000Z", recordedTo: "2999-01-01T00:00:00.000Z" },
];

const skip = (await postgresUnavailable()) ?? false;

test("the postgres event store reads by indexes alone, whatever the tables' size was when it planned", {
  skip,
}, async (t) => {
  const { location: schema, remove } = await makeSchema();
  const store = new PostgresEventStore({ url: postgresUrl, schema, clock: Date, readers: 1 });
  t.after(async () => {
    await store.stop();
    await remove();
  });
  await store.start();
  const append = (messages: number): Promise<unknown> =>
    store.append([
      to(
        "traffic-A-20260101",
        Array.from({ length: messages }, () => {
          const messageId = randomUUID();
          return [received("A", messageId), stored("A", messageId), failed("A", messageId)];
        }).flat(),
      ),
    ]);
  const read = async (): Promise<void> => {
    for (const direction of ["forwards", "backwards"] as const) {
      await store.readStream("traffic-A-20260101", { limit: 10, direction, from: 2 });
      for (const filter of [undefined, ...filters]) {
        await store.readAll({ limit: 10, direction, after: "3", ...(filter ? { filter } : {}) });
      }
    }
    await store.head();
  };
  await append(2);
  for (const analyzed of [false, true]) {
    if (analyzed) {
      await append(2_000);
      await inPostgres(schema, "ANALYZE records; ANALYZE streams");
    }
    const asked = await recordStatements(read);
    const used = new Set<string>();
    for (const one of asked) {
      for (const plan of await plansOf(one)) {
        assert.doesNotMatch(plan, /Seq Scan|Bitmap|Hash|Merge/, `${one.text}\n${plan}`);
        // Sorting a page would mean to read everything that matches first.
        if (/AS page/.test(one.text)) assert.doesNotMatch(plan, /Sort/, `${one.text}\n${plan}`);
        for (const [index = ""] of plan.matchAll(/(?<=using )\w+/g)) used.add(index);
      }
    }
    for (const index of [
      "records_pkey",
      "records_by_stream",
      "records_by_message",
      "records_by_type",
      "records_by_stream_type",
    ]) {
      assert.ok(used.has(index), index);
    }
  }
});
