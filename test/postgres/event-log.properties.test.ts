/** Any filter from any place of any log gives what filtering the whole log by hand gives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import type { EventType, NewEvent, RecordedEvent } from "@sluice/contracts";
import type { EventFilter } from "@sluice/domain";
import fc from "fast-check";
import { assertSound, failed, received, retired, skipped, stored, to } from "../conformance/event-store-support.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

const flow = fc.constantFrom("A", "B", "C");
const messageId = fc.constantFrom("m1", "m2");
const stream = fc
  .tuple(fc.constantFrom("flow", "traffic", "deliveries"), flow, fc.constantFrom("20260101", "20260102"))
  .map(([category, code, day]) => ({
    code,
    name: category === "flow" ? `flow-${code}` : `${category}-${code}-${day}`,
  }));
const makers: readonly ((code: string, message: string) => readonly NewEvent[])[] = [
  (code) => [retired(code)],
  (code) => [skipped(code)],
  (code, message) => [received(code, message), stored(code, message), stored(code, message)],
  (code, message) => [received(code, message)],
  (code, message) => [stored(code, message)],
  (code, message) => [failed(code, message)],
];
const appends = fc.array(
  fc.record({
    stream,
    makers: fc.array(fc.tuple(fc.constantFrom(...makers), messageId), { minLength: 1, maxLength: 6 }),
    now: fc.nat(20),
  }),
  { minLength: 1, maxLength: 12 },
);
const types = fc.uniqueArray(
  fc.constantFrom<EventType>(
    "FlowRetired",
    "MessagesSkipped",
    "MessageReceived",
    "StoredAttribute",
    "ValidationFailed",
    "FlowDefined",
  ),
);
const instant = fc.nat(20).map((ms) => new Date(ms).toISOString());
const filter: fc.Arbitrary<EventFilter> = fc.record(
  { flow, stream: stream.map((s) => s.name), types, messageId, recordedFrom: instant, recordedTo: instant },
  { requiredKeys: [] },
);
const reads = fc.array(
  fc.record({ filter, after: fc.nat(60), limit: fc.integer({ min: 1, max: 9 }), backwards: fc.boolean() }),
  { minLength: 5, maxLength: 15 },
);

const matches = (event: RecordedEvent, wanted: EventFilter): boolean =>
  (wanted.flow === undefined || event.stream.split("-")[1] === wanted.flow) &&
  (wanted.stream === undefined || event.stream === wanted.stream) &&
  (wanted.types === undefined || wanted.types.includes(event.type)) &&
  (wanted.messageId === undefined || ("messageId" in event.data && event.data.messageId === wanted.messageId)) &&
  (wanted.recordedFrom === undefined || event.recordedAt >= wanted.recordedFrom) &&
  (wanted.recordedTo === undefined || event.recordedAt <= wanted.recordedTo);

const skip = (await postgresUnavailable()) ?? false;

test("reading from PostgreSQL with a filter equals filtering what was read", { skip }, async (t) => {
  const { location: schema, remove } = await makeSchema();
  let now = 0;
  const store = new PostgresEventStore({ url: postgresUrl, schema, clock: { now: () => now }, readers: 2 });
  t.after(async () => {
    await store.stop();
    await remove();
  });
  await store.start();
  await fc.assert(
    fc.asyncProperty(appends, reads, async (batches, questions) => {
      await inPostgres(schema, "TRUNCATE records, streams");
      const written: NewEvent[] = [];
      for (const { stream: target, makers: made, now: instantOfBatch } of batches) {
        now = instantOfBatch;
        const events = made.flatMap(([make, message]) => make(target.code, message));
        written.push(...events);
        await store.append([to(target.name, events)]);
      }
      const all = (await store.readAll({ limit: 1_000 })).events;
      assert.deepEqual(
        all.map(({ id, type, data, metadata }) => ({ id, type, schemaVersion: 1, data, metadata })),
        written,
      );
      assert.equal(all[0]?.position, "1");
      assertSound(store, all);
      for (const { stream: name, version } of all.filter((_, index) => index % 5 === 0)) {
        const ofStream = all.filter((event) => event.stream === name);
        const ahead = await store.readStream(name, { from: version, limit: 2 });
        assert.deepEqual(ahead, ofStream.slice(version - 1, version + 1));
        const behind = await store.readStream(name, { from: version, limit: 3, direction: "backwards" });
        assert.deepEqual(behind, ofStream.slice(0, version).toReversed().slice(0, 3));
      }
      for (const { filter: wanted, after, limit, backwards } of questions) {
        const ahead = all.filter((event) => Number(event.position) > after);
        const behind = all.filter((event) => Number(event.position) < after).toReversed();
        const expected = (backwards ? behind : ahead).filter((event) => matches(event, wanted));
        const found: RecordedEvent[] = [];
        for (let from = String(after), end = false; !end; ) {
          const direction = backwards ? "backwards" : "forwards";
          const page = await store.readAll({ after: from, limit, filter: wanted, direction });
          assert.ok(page.events.length <= limit);
          found.push(...page.events);
          end = page.atEnd;
          assert.ok(end || page.position !== null);
          from = page.position ?? from;
        }
        assert.deepEqual(found, expected);
      }
    }),
    { numRuns: 40 },
  );
});
