/** The event log's schema, view, indexes and bounds, on its synchronous core. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { NewEvent } from "@sluice/contracts";
import { type EventFilter, EventRejected } from "@sluice/domain";
import { openDatabase, UnusableDatabase } from "../../packages/adapters/sqlite/src/connection.ts";
import { encodeAppend } from "../../packages/adapters/sqlite/src/event-codec.ts";
import { EventLog } from "../../packages/adapters/sqlite/src/event-log.ts";
import { EventLogAppender } from "../../packages/adapters/sqlite/src/event-log-append.ts";
import { EventLogReader } from "../../packages/adapters/sqlite/src/event-log-read.ts";
import { failed, many, received, skipped, stored, to } from "../conformance/event-store-support.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-event-log-"));
  path = join(directory, "events.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const append = (database: DatabaseSync, stream: string, events: readonly NewEvent[], now = 0): void => {
  const [outcome] = new EventLogAppender(database).append([encodeAppend([to(stream, events)], now)]);
  if (outcome instanceof Error) throw outcome;
};

describe("opening the database", () => {
  test("makes every commit wait for the disk", () => {
    const database = openDatabase("events", { path });
    assert.equal(database.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
    assert.equal(database.prepare("PRAGMA synchronous").get()?.synchronous, 2);
    assert.equal(database.prepare("PRAGMA foreign_keys").get()?.foreign_keys, 1);
    database.close();
  });

  test("refuses a database of a newer schema, in words, and leaves it as it is", () => {
    openDatabase("events", { path }).close();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 1000");
    database.close();
    assert.throws(
      () => openDatabase("events", { path }),
      (error) => {
        assert.ok(error instanceof UnusableDatabase);
        assert.match(error.message, /schema version 1000, written by a newer version of Sluice; this one knows \d+/);
        return true;
      },
    );
    const after = new DatabaseSync(path);
    assert.equal(after.prepare("PRAGMA user_version").get()?.user_version, 1000);
    after.close();
  });

  test("refuses the file of another store", () => {
    openDatabase("snapshots", { path }).close();
    assert.throws(() => openDatabase("events", { path }), UnusableDatabase);
  });

  test("refuses a file that is no database, as something that may be mended", () => {
    writeFileSync(path, "not a database, but long enough to have a header ".repeat(40));
    assert.throws(() => new EventLog({ path }).start(), { name: "EventStoreUnavailable", message: /not a database/ });
  });
});

describe("the views for people", () => {
  test("event_log gives the envelope, data as JSON and times as RFC 3339", () => {
    const database = openDatabase("events", { path });
    const event = stored("A", randomUUID());
    append(database, "traffic-A-20260101", [event], Date.parse("2026-01-02T03:04:05.678Z"));
    const row = database
      .prepare("SELECT *, data ->> '$.attribute' AS attribute FROM event_log WHERE message_id = ?")
      .get("messageId" in event.data ? event.data.messageId : "");
    assert.deepEqual(
      { ...row },
      {
        position: 1,
        id: event.id,
        stream: "traffic-A-20260101",
        category: "traffic",
        flow: "A",
        version: 1,
        type: "StoredAttribute",
        schema_version: 1,
        message_id: "messageId" in event.data ? event.data.messageId : "",
        data: JSON.stringify(event.data),
        metadata: "{}",
        recorded_at: "2026-01-02T03:04:05.678Z",
        record_position: 1,
        record_id: event.id,
        attribute: "temperature",
      },
    );
    database.close();
  });

  test("event_log writes every millisecond of a second as toISOString does", () => {
    const database = openDatabase("events", { path });
    const start = Date.parse("2026-12-31T23:59:59.000Z");
    for (let ms = 0; ms < 1000; ms += 7) append(database, "flow-A", [skipped("A")], start + ms);
    const times = database.prepare("SELECT recorded_at FROM event_log ORDER BY position").all();
    assert.deepEqual(
      times.map((row) => row.recorded_at),
      times.map((_, index) => new Date(start + index * 7).toISOString()),
    );
    database.close();
  });

  test("event_log_exceptions leaves out what went well and finds types by their index", () => {
    const database = openDatabase("events", { path });
    append(database, "traffic-A-20260101", [stored("A", randomUUID()), failed("A", randomUUID())]);
    const sql = "SELECT type FROM event_log_exceptions WHERE type = 'ValidationFailed'";
    assert.equal(database.prepare(sql).all().length, 1);
    assert.equal(database.prepare("SELECT count(*) AS n FROM event_log_exceptions").get()?.n, 1);
    assert.match(JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()), /records_by_type/);
    database.close();
  });
});

describe("records", () => {
  const message = (messageId: string, attributes: number): NewEvent[] => [
    received("A", messageId),
    ...many(attributes, (index) => stored("A", messageId, `a${index}`)),
  ];
  const rows = (database: DatabaseSync) =>
    database
      .prepare("SELECT position, version, type, count FROM records ORDER BY position")
      .all()
      .map(({ position, version, type, count }) => [position, version, type, count]);

  test("keep a message with its attributes, and every other event alone", () => {
    const database = openDatabase("events", { path });
    const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()];
    append(database, "traffic-A-20260101", [
      ...message(one, 3),
      ...message(two, 0),
      ...message(three, 1),
      failed("A", three),
      stored("A", three),
      stored("A", one),
      skipped("A"),
    ]);
    assert.deepEqual(rows(database), [
      [1, 1, "MessageReceived", 4],
      [5, 5, "MessageReceived", 1],
      [6, 6, "MessageReceived", 2],
      [8, 8, "ValidationFailed", 1],
      [9, 9, "StoredAttribute", 1],
      [10, 10, "StoredAttribute", 1],
      [11, 11, "MessagesSkipped", 1],
    ]);
    database.close();
  });

  test("end after 64 events or 64 Ki characters", () => {
    const database = openDatabase("events", { path });
    append(database, "traffic-A-20260101", message(randomUUID(), 129));
    const large = many(3, () => stored("A", "m", "large", "x".repeat(40_000)));
    append(database, "traffic-A-20260101", [received("A", "m"), ...large]);
    assert.deepEqual(
      rows(database).map(([, , , count]) => count),
      [64, 64, 2, 3, 1],
    );
    database.close();
  });

  test("are known again by their first event, and refused with other events behind it", () => {
    const database = openDatabase("events", { path });
    const appender = new EventLogAppender(database);
    const send = (events: readonly NewEvent[], stream = "traffic-A-20260101") =>
      appender.append([encodeAppend([to(stream, events)], 0)])[0];
    const [first, second] = [message(randomUUID(), 3), message(randomUUID(), 2)];
    const whole = [...first, ...second];
    const stored = send(whole);
    assert.ok(stored && !(stored instanceof Error));
    assert.deepEqual([stored.position, stored.versions], ["7", [7]]);
    assert.deepEqual(send(whole), { ...stored, duplicate: true });
    assert.deepEqual(send(first), { ...stored, duplicate: true, position: "4", versions: [4] });
    const [head, ...attributes] = first as [NewEvent, ...NewEvent[]];
    for (const other of [
      first.slice(0, 3),
      [head],
      [head, ...attributes.toReversed()],
      [...first, ...message(randomUUID(), 1)],
    ]) {
      assert.ok(send(other) instanceof EventRejected);
    }
    assert.ok(send(first, "traffic-B-20260101") instanceof EventRejected);
    assert.equal(database.prepare("SELECT count(*) AS n FROM event_log").get()?.n, 7);
    database.close();
  });

  test("are found in event_log through an index by all that it promises", () => {
    const database = openDatabase("events", { path });
    const messageId = randomUUID();
    const events = message(messageId, 3);
    append(database, "traffic-A-20260101", events);
    for (const [condition, value] of [
      ["stream = ?", "traffic-A-20260101"],
      ["flow = ?", "A"],
      ["message_id = ?", messageId],
      ["record_id = ?", (events[0] as NewEvent).id],
      ["record_position BETWEEN ? - 63 AND 4", 4],
    ] as const) {
      const sql = `SELECT position FROM event_log WHERE ${condition}`;
      assert.equal(database.prepare(sql).all(value).length, 4, condition);
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(value);
      for (const { detail } of plan) assert.doesNotMatch(String(detail), /SCAN (?!e VIRTUAL)|AUTOMATIC/, condition);
    }
    const last = "SELECT position FROM event_log ORDER BY record_position DESC, position DESC LIMIT 1";
    assert.equal(database.prepare(last).get()?.position, 4);
    database.close();
  });
});

/** Keeps what is prepared, so that the very statements in use are explained. */
class RecordingDatabase extends DatabaseSync {
  readonly statements: string[] = [];
  override prepare(sql: string): ReturnType<DatabaseSync["prepare"]> {
    this.statements.push(sql);
    return super.prepare(sql);
  }
}

describe("reading", () => {
  test("answers every kind of audit question through an index, without sorting", () => {
    openDatabase("events", { path }).close();
    const database = new RecordingDatabase(path);
    append(database, "traffic-A-20260101", [
      received("A", "m"),
      stored("A", "m"),
      failed("A", randomUUID()),
      stored("A", randomUUID()),
    ]);
    database.statements.length = 0;
    const reader = new EventLogReader(database);
    const filters: EventFilter[] = [
      {},
      { flow: "A" },
      { stream: "traffic-A-20260101" },
      { messageId: randomUUID() },
      { types: ["ValidationFailed"] },
      { types: ["StoredAttribute"] },
      { types: ["EndpointForwarded"] },
      { flow: "A", types: ["StoredAttribute"] },
      { flow: "A", types: ["ValidationFailed", "EndpointForwarded"] },
      { stream: "traffic-A-20260101", types: ["ValidationFailed"] },
      { stream: "traffic-A-20260101", flow: "A" },
      { flow: "A", recordedFrom: "1970-01-01T00:00:00.000Z", recordedTo: "2999-01-01T00:00:00.000Z" },
      { messageId: "m", flow: "A", types: ["StoredAttribute"] },
      { recordedFrom: "1970-01-01T00:00:00.000Z", recordedTo: "1970-01-01T00:00:00.000Z" },
    ];
    for (const direction of ["forwards", "backwards"] as const) {
      reader.readStream("traffic-A-20260101", { limit: 10, direction });
      for (const filter of filters) {
        for (const after of ["0", "2"]) reader.readAll({ limit: 10, after, direction, filter });
      }
    }
    const plans = database.statements.map((sql) => {
      const steps = new DatabaseSync(path).prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
      return { sql, steps: steps.map((step) => String(step.detail)) };
    });
    assert.ok(plans.length >= 12, `${plans.length} statements`);
    for (const { sql, steps } of plans) {
      // A flow's streams are few and may be sorted; events may not.
      const bad = /FROM streams/.test(sql) ? /SCAN|AUTOMATIC/ : /SCAN (?!json_each)|USE TEMP B-TREE|AUTOMATIC/;
      for (const step of steps) {
        assert.doesNotMatch(step, bad, `${sql}\n${steps.join("\n")}`);
      }
    }
    const used = plans.flatMap((plan) => plan.steps).join("\n");
    for (const index of [
      "records_by_stream",
      "records_by_message",
      "records_by_type",
      "records_by_stream_type",
      "streams_by_flow",
    ]) {
      assert.match(used, new RegExp(index));
    }
    database.close();
  });

  test("looks at a bounded number of events a call, and says how far it came", () => {
    const database = openDatabase("events", { path });
    append(
      database,
      "traffic-A-20260101",
      many(25_000, (index) => stored("A", `m${index}`)),
    );
    append(database, "deliveries-A-20260101", [skipped("A")]);
    const reader = new EventLogReader(database);
    const filter: EventFilter = { types: ["MessageReceived"] };
    const positions: (number | null)[] = [];
    for (let after = "0", end = false; !end; ) {
      const page = reader.readAll({ after, limit: 10, filter });
      assert.equal(page.events, "[]");
      positions.push(page.position);
      after = String(page.position);
      end = page.atEnd;
    }
    assert.deepEqual(positions, [10_000, 20_000, 25_001]);
    const backwards = reader.readAll({ limit: 10, filter, direction: "backwards" });
    assert.deepEqual([backwards.position, backwards.atEnd], [15_002, false]);
    const ofFlow = reader.readAll({ limit: 10, filter: { ...filter, flow: "A" } });
    assert.deepEqual([ofFlow.position, ofFlow.atEnd], [10_000, false]);
    // An index answers these, wherever they are.
    for (const found of [
      { types: ["MessagesSkipped"] },
      { types: ["EndpointForwarded"] },
      { flow: "A", types: ["EndpointForwarded", "MessagesSkipped"] },
      { stream: "traffic-A-20260101", types: ["MessagesSkipped"] },
      { stream: "traffic-A-20260101", flow: "B" },
    ] as const) {
      const page = reader.readAll({ limit: 10, filter: found });
      assert.deepEqual([page.position, page.atEnd], [25_001, true], JSON.stringify(found));
    }
    database.close();
  });

  test("ends a page of large events before its limit", () => {
    const database = openDatabase("events", { path });
    append(
      database,
      "flow-A",
      many(20, () => skipped("A", ["x".repeat(1_000_000)])),
    );
    const reader = new EventLogReader(database);
    const first = reader.readAll({ limit: 100 });
    assert.equal(first.position, 17);
    assert.equal(first.atEnd, false);
    const second = reader.readAll({ limit: 100, after: "17" });
    assert.deepEqual([second.position, second.atEnd], [20, true]);
    assert.equal(reader.readAll({ limit: 100, filter: { flow: "A" } }).position, 17);
    database.close();
  });

  test("refuses positions that are not its own and times that are none", () => {
    const database = openDatabase("events", { path });
    append(database, "flow-A", [skipped("A")]);
    const reader = new EventLogReader(database);
    for (const after of ["", "-1", "1.5", "C:1/P:1", "1e3", "9".repeat(20)]) {
      assert.throws(() => reader.readAll({ after, limit: 1 }), RangeError, after);
    }
    assert.throws(() => reader.readAll({ limit: 1, filter: { recordedFrom: "yesterday" } }), RangeError);
    database.close();
  });
});

describe("recordedAt", () => {
  test("does not go back when the clock does, nor across a reopening", () => {
    const instants: string[] = [];
    for (const clock of [
      [5_000, 4_000, 6_000],
      [1_000, 7_000],
    ]) {
      const log = new EventLog({ path });
      for (const now of clock) {
        const [outcome] = log.append([encodeAppend([to("flow-A", [skipped("A")])], now)]);
        assert.ok(outcome && !(outcome instanceof Error));
        instants.push(outcome.recordedAt);
      }
      log.stop();
    }
    assert.deepEqual(
      instants.map((instant) => Date.parse(instant)),
      [5_000, 5_000, 6_000, 6_000, 7_000],
    );
  });
});
