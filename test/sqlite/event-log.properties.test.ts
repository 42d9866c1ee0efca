/** Any filter from any place of any log gives what filtering the whole log by hand gives. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { EventType, NewEvent, RecordedEvent } from "@sluice/contracts";
import type { EventFilter, ReadAllOptions } from "@sluice/domain";
import fc from "fast-check";
import { openDatabase } from "../../packages/adapters/sqlite/src/connection.ts";
import { encodeAppend } from "../../packages/adapters/sqlite/src/event-codec.ts";
import { EventLogAppender } from "../../packages/adapters/sqlite/src/event-log-append.ts";
import { EventLogReader } from "../../packages/adapters/sqlite/src/event-log-read.ts";
import { failed, retired, skipped, stored, to } from "../conformance/event-store-support.ts";

const flow = fc.constantFrom("A", "B", "C");
const messageId = fc.constantFrom("m1", "m2", "m3");
const stream = fc
  .tuple(fc.constantFrom("flow", "traffic", "deliveries"), flow, fc.constantFrom("20260101", "20260102"))
  .map(([category, code, day]) => ({
    code,
    name: category === "flow" ? `flow-${code}` : `${category}-${code}-${day}`,
  }));
const makers: readonly ((code: string, message: string) => NewEvent)[] = [
  (code) => retired(code),
  (code) => skipped(code),
  (code, message) => stored(code, message),
  (code, message) => failed(code, message),
];
const appends = fc.array(
  fc.record({
    stream,
    makers: fc.array(fc.tuple(fc.constantFrom(...makers), messageId), { minLength: 1, maxLength: 4 }),
    now: fc.nat(20),
  }),
  { minLength: 1, maxLength: 30 },
);
const types = fc.uniqueArray(
  fc.constantFrom<EventType>("FlowRetired", "MessagesSkipped", "StoredAttribute", "ValidationFailed", "FlowDefined"),
);
const instant = fc.nat(20).map((ms) => new Date(ms).toISOString());
const filter: fc.Arbitrary<EventFilter> = fc.record(
  { flow, stream: stream.map((s) => s.name), types, messageId, recordedFrom: instant, recordedTo: instant },
  { requiredKeys: [] },
);
const reads = fc.array(
  fc.record({ filter, after: fc.nat(60), limit: fc.integer({ min: 1, max: 9 }), backwards: fc.boolean() }),
  { minLength: 5, maxLength: 20 },
);

const matches = (event: RecordedEvent, wanted: EventFilter): boolean =>
  (wanted.flow === undefined || event.stream.split("-")[1] === wanted.flow) &&
  (wanted.stream === undefined || event.stream === wanted.stream) &&
  (wanted.types === undefined || wanted.types.includes(event.type)) &&
  (wanted.messageId === undefined || ("messageId" in event.data && event.data.messageId === wanted.messageId)) &&
  (wanted.recordedFrom === undefined || event.recordedAt >= wanted.recordedFrom) &&
  (wanted.recordedTo === undefined || event.recordedAt <= wanted.recordedTo);

test("reading with a filter equals filtering what was read", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-event-log-"));
  let run = 0;
  try {
    fc.assert(
      fc.property(appends, reads, (batches, questions) => {
        const database = openDatabase("events", { path: join(directory, `${run++}.db`) });
        // Durability is not what this is about, and it takes most of the time.
        database.exec("PRAGMA synchronous = OFF");
        const appender = new EventLogAppender(database);
        for (const { stream: target, makers: made, now } of batches) {
          const events = made.map(([make, message]) => make(target.code, message));
          appender.append([encodeAppend([to(target.name, events)], now)]);
        }
        const reader = new EventLogReader(database);
        const all: RecordedEvent[] = JSON.parse(reader.readAll({ limit: 1_000 }).events);
        for (const { filter: wanted, after, limit, backwards } of questions) {
          const ahead = all.filter((event) => Number(event.position) > after);
          const behind = all.filter((event) => Number(event.position) < after).toReversed();
          const expected = (backwards ? behind : ahead).filter((event) => matches(event, wanted));
          const found: RecordedEvent[] = [];
          for (let from = after, end = false; !end; ) {
            const options: ReadAllOptions = {
              after: String(from),
              limit,
              filter: wanted,
              direction: backwards ? "backwards" : "forwards",
            };
            const page = reader.readAll(options);
            const events: RecordedEvent[] = JSON.parse(page.events);
            assert.ok(events.length <= limit);
            found.push(...events);
            end = page.atEnd;
            assert.ok(end || page.position !== null);
            from = page.position ?? from;
          }
          assert.deepEqual(found, expected);
        }
        database.close();
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
