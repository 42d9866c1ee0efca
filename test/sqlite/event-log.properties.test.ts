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
import { decodeEvents, encodeAppend } from "../../packages/adapters/sqlite/src/event-codec.ts";
import { EventLogAppender } from "../../packages/adapters/sqlite/src/event-log-append.ts";
import { EventLogReader } from "../../packages/adapters/sqlite/src/event-log-read.ts";
import { failed, received, retired, skipped, stored, to } from "../conformance/event-store-support.ts";

const flow = fc.constantFrom("A", "B", "C");
const messageId = fc.constantFrom("m1", "m2");
const stream = fc
  .tuple(fc.constantFrom("flow", "traffic", "deliveries"), flow, fc.constantFrom("20260101", "20260102"))
  .map(([category, code, day]) => ({
    code,
    name: category === "flow" ? `flow-${code}` : `${category}-${code}-${day}`,
  }));
const makers: readonly ((code: string, message: string) => NewEvent)[] = [
  (code) => retired(code),
  (code) => skipped(code),
  (code, message) => received(code, message),
  (code, message) => stored(code, message),
  (code, message) => stored(code, message),
  (code, message) => failed(code, message),
];
const appends = fc.array(
  fc.record({
    stream,
    makers: fc.array(fc.tuple(fc.constantFrom(...makers), messageId), { minLength: 1, maxLength: 8 }),
    now: fc.nat(20),
  }),
  { minLength: 1, maxLength: 30 },
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
  { minLength: 5, maxLength: 20 },
);

const assertVersions = (events: readonly RecordedEvent[]): void => {
  const versions = new Map<string, number>();
  for (const { stream: name, version } of events) {
    assert.equal(version, (versions.get(name) ?? 0) + 1);
    versions.set(name, version);
  }
};

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
        const written: NewEvent[] = [];
        for (const { stream: target, makers: made, now } of batches) {
          const events = made.map(([make, message]) => make(target.code, message));
          written.push(...events);
          appender.append([encodeAppend([to(target.name, events)], now)]);
        }
        const reader = new EventLogReader(database);
        const all = decodeEvents(reader.readAll({ limit: 1_000 }).events);
        assert.deepEqual(
          all.map(({ id, type, data, metadata }) => ({ id, type, schemaVersion: 1, data, metadata })),
          written,
        );
        assert.deepEqual(
          all.map(({ position }) => Number(position)),
          all.map((_, index) => index + 1),
        );
        assertVersions(all);
        const view = database.prepare("SELECT position, id, stream, version, type, data FROM event_log").all();
        assert.deepEqual(
          view.map((row) => ({ ...row })),
          all.map(({ position, id, stream: name, version, type, data }) => {
            return { position: Number(position), id, stream: name, version, type, data: JSON.stringify(data) };
          }),
        );
        for (const { stream: name, version } of all) {
          const ofStream = all.filter((event) => event.stream === name);
          const ahead = decodeEvents(reader.readStream(name, { from: version, limit: 2 }));
          assert.deepEqual(ahead, ofStream.slice(version - 1, version + 1));
          const behind = decodeEvents(reader.readStream(name, { from: version, limit: 3, direction: "backwards" }));
          assert.deepEqual(behind, ofStream.slice(0, version).toReversed().slice(0, 3));
        }
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
            const events = decodeEvents(page.events);
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
