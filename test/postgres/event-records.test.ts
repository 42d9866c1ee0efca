/** A message and its attributes are one row of the log; everybody else sees events. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import type { NewEvent, RecordedEvent } from "@sluice/contracts";
import { EventRejected } from "@sluice/domain";
import { failed, many, readEverything, received, skipped, stored, to } from "../conformance/event-store-support.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

const TRAFFIC = "traffic-A-20260101";

const opened = async (t: TestContext) => {
  const { location: schema, remove } = await makeSchema();
  const store = new PostgresEventStore({ url: postgresUrl, schema, clock: Date, readers: 2 });
  t.after(async () => {
    await store.stop();
    await remove();
  });
  await store.start();
  return { schema, store };
};

const message = (messageId: string, attributes: number): NewEvent[] => [
  received("A", messageId),
  ...many(attributes, (index) => stored("A", messageId, `a${index}`)),
];

const recordsIn = async (schema: string): Promise<readonly (readonly [number, number, string, number])[]> => {
  const rows = await inPostgres<{ position: string; version: string; type: string; count: number }>(
    schema,
    "SELECT position, version, type, count FROM records ORDER BY position",
  );
  return rows.map(({ position, version, type, count }) => [Number(position), Number(version), type, count]);
};

/** As it was appended. */
const asNew = ({ id, type, schemaVersion, data, metadata }: RecordedEvent) => ({
  id,
  type,
  schemaVersion,
  data,
  metadata,
});

/** As `event_log` has it. */
const asRow = ({ id, stream, version, position, type, schemaVersion, data, metadata, recordedAt }: RecordedEvent) => ({
  position: Number(position),
  id,
  stream,
  version,
  type,
  schema_version: schemaVersion,
  message_id: "messageId" in data ? data.messageId : null,
  data: JSON.stringify(data),
  metadata,
  recorded_at: recordedAt,
});

const rowsOf = async (schema: string, view: string): Promise<readonly object[]> => {
  const rows = await inPostgres<{ position: string; version: string; recorded_at: Date }>(
    schema,
    `SELECT position, id, stream, version, type, schema_version, message_id, data::text, metadata, recorded_at
     FROM ${view} ORDER BY position`,
  );
  return rows.map((row) => ({
    ...row,
    position: Number(row.position),
    version: Number(row.version),
    recorded_at: row.recorded_at.toISOString(),
  }));
};

describe("records of the postgres event store", { skip: (await postgresUnavailable()) ?? false }, () => {
  test("keep a message with its attributes, and every other event alone", async (t) => {
    const { schema, store } = await opened(t);
    const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()];
    await store.append([
      to(TRAFFIC, [
        ...message(one, 3),
        ...message(two, 0),
        ...message(three, 1),
        failed("A", three),
        stored("A", three),
        stored("A", one),
        skipped("A"),
      ]),
    ]);
    assert.deepEqual(await recordsIn(schema), [
      [1, 1, "MessageReceived", 4],
      [5, 5, "MessageReceived", 1],
      [6, 6, "MessageReceived", 2],
      [8, 8, "ValidationFailed", 1],
      [9, 9, "StoredAttribute", 1],
      [10, 10, "StoredAttribute", 1],
      [11, 11, "MessagesSkipped", 1],
    ]);
  });

  test("end after 64 events or 64 Ki characters", async (t) => {
    const { schema, store } = await opened(t);
    await store.append([to(TRAFFIC, message(randomUUID(), 129))]);
    const large = many(4, () => stored("A", "m", "large", "x".repeat(40_000)));
    await store.append([to(TRAFFIC, [received("A", "m"), ...large])]);
    assert.deepEqual(
      (await recordsIn(schema)).map(([, , , count]) => count),
      [64, 64, 2, 3, 2],
    );
  });

  test("give every field back, of attributes that are unlike their message, too", async (t) => {
    const { schema, store } = await opened(t);
    const messageId = randomUUID();
    const unlike = (fields: object, envelope: object = {}): NewEvent => {
      const event = stored("A", messageId);
      return { ...event, ...envelope, data: { ...event.data, ...fields } } as NewEvent;
    };
    const deviceTime = "2025-12-31T23:59:59.999Z";
    const events = [
      received("A", messageId),
      unlike({ value: null, valueType: "null" }),
      unlike({ value: 1e21, text: "1000000000000000000000.0" }),
      unlike({ value: { "\ud800": ["\0", '"\\u0000', 'a"b\\'] } }, { schemaVersion: 7 }),
      unlike({ attribute: "π\0\udfff", action: 'sto"re' }),
      // Each of these starts a record.
      unlike({ flow: "B" }),
      unlike({ messageNumber: 2 }),
      unlike({ receivedAt: "2026-01-01T00:00:00.001Z" }),
      unlike({ deviceTime }),
      unlike({ deviceTime }),
      unlike({ later: "a field of a later version" }),
      unlike({}, { metadata: { actor: "api:test" } }),
      unlike({}),
    ];
    await store.append([to(TRAFFIC, events)]);
    assert.deepEqual((await readEverything(store)).map(asNew), events);
    assert.deepEqual(
      (await recordsIn(schema)).map(([, , , count]) => count),
      [5, 1, 1, 1, 2, 1, 2],
    );
  });

  test("are known again by their first event, and refused with other events behind it", async (t) => {
    const { schema, store } = await opened(t);
    const [first, second] = [message(randomUUID(), 3), message(randomUUID(), 2)];
    const whole = [...first, ...second];
    const result = await store.append([to(TRAFFIC, whole)]);
    assert.deepEqual([result.position, result.versions], ["7", [7]]);
    assert.deepEqual(await store.append([to(TRAFFIC, whole)]), { ...result, duplicate: true });
    assert.deepEqual(await store.append([to(TRAFFIC, first, 0)]), {
      ...result,
      duplicate: true,
      position: "4",
      versions: [4],
    });
    const [head, ...attributes] = first as [NewEvent, ...NewEvent[]];
    for (const other of [
      first.slice(0, 3),
      [head],
      [head, ...attributes.toReversed()],
      [...first, ...message(randomUUID(), 1)],
    ]) {
      await assert.rejects(store.append([to(TRAFFIC, other)]), EventRejected);
    }
    await assert.rejects(store.append([to("traffic-B-20260101", first)]), EventRejected);
    assert.equal((await recordsIn(schema)).length, 2);
  });

  test("are passed in pages that end for their bytes, in either direction and from any event", async (t) => {
    const { store } = await opened(t);
    const large = (messageId: string): NewEvent[] => {
      const [head, ...rest] = message(messageId, 2) as [NewEvent, ...NewEvent[]];
      const payload = { encoding: "utf8", data: "x".repeat(9 * 1024 * 1024) };
      return [{ ...head, data: { ...head.data, payload } } as NewEvent, ...rest];
    };
    for (let round = 0; round < 3; round++) await store.append([to(TRAFFIC, large(`m${round}`))]);
    for (const types of [undefined, ["MessageReceived"], ["MessageReceived", "StoredAttribute"]] as const) {
      const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((position) => types?.length !== 1 || position % 3 === 1);
      for (const backwards of [false, true]) {
        for (const from of backwards ? [10, 9, 5] : [0, 1, 4]) {
          const found: number[] = [];
          for (let after = String(from), end = false; !end; ) {
            const page = await store.readAll({
              after,
              limit: 1_000,
              direction: backwards ? "backwards" : "forwards",
              ...(types ? { filter: { types } } : {}),
            });
            found.push(...page.events.map(({ position }) => Number(position)));
            assert.ok(page.events.filter(({ type }) => type === "MessageReceived").length <= 2);
            end = page.atEnd;
            after = page.position ?? after;
          }
          const expected = backwards
            ? wanted.toReversed().filter((position) => position < from)
            : wanted.filter((position) => position > from);
          assert.deepEqual(found, expected, `${types} from ${from}${backwards ? " backwards" : ""}`);
        }
      }
    }
  });
});

describe("the views of the postgres event store", { skip: (await postgresUnavailable()) ?? false }, () => {
  test("show every event as the port gives it", async (t) => {
    const { schema, store } = await opened(t);
    const messageId = randomUUID();
    const withText = stored("A", messageId, "exact", 0.1);
    const deviceTime = { deviceTime: "2025-12-31T23:59:59.999Z" };
    const dated = [received("A", "dated"), stored("A", "dated")];
    const { receivedAt: _, ...untimed } = withText.data as Extract<NewEvent, { type: "StoredAttribute" }>["data"];
    const written = [
      ...message(messageId, 2),
      // Fields in the gateway's order.
      { ...withText, data: { ...untimed, text: "0.10000", receivedAt: "2026-01-01T00:00:00.000Z" } } as NewEvent,
      stored("A", messageId, "lone \ud800", { "\udfff": "\ud83d" }),
      failed("A", messageId),
      ...dated.map((event) => ({ ...event, data: { ...event.data, ...deviceTime } }) as NewEvent),
      skipped("A"),
    ];
    await store.append([to(TRAFFIC, written.slice(0, -1)), to("no stream of ours", written.slice(-1))]);
    const events = await readEverything(store);
    assert.deepEqual(
      events.map(({ data }) => JSON.stringify(data)),
      written.map(({ data }) => JSON.stringify(data)),
    );
    assert.deepEqual(await rowsOf(schema, "event_log"), events.map(asRow));
    assert.deepEqual(
      await rowsOf(schema, "event_log_exceptions"),
      events.filter(({ type }) => type === "ValidationFailed" || type === "MessagesSkipped").map(asRow),
    );
  });

  test("answer by an index all that they promise", async (t) => {
    const { schema, store } = await opened(t);
    const messageId = randomUUID();
    const events = message(messageId, 3);
    await store.append([to(TRAFFIC, events)]);
    for (let round = 0; round < 20; round++) {
      const others = Array.from({ length: 100 }, () => message(randomUUID(), 3)).flat();
      await store.append([to(`traffic-B${round}-20260101`, [...others, failed("B", randomUUID())])]);
    }
    await inPostgres(schema, "ANALYZE records; ANALYZE streams");
    const planOf = async (sql: string): Promise<string> =>
      (await inPostgres<{ "QUERY PLAN": string }>(schema, `EXPLAIN ${sql}`)).map((row) => row["QUERY PLAN"]).join("\n");
    for (const [condition, found] of [
      [`stream = '${TRAFFIC}'`, 4],
      ["flow = 'A'", 4],
      [`message_id = '${messageId}'`, 4],
      [`record_id = '${events[0]?.id}'`, 4],
      [`record_id = '${events[0]?.id}' AND id = '${events[2]?.id}'`, 1],
      ["record_position BETWEEN 3 - 63 AND 3 AND position = 3", 1],
    ] as const) {
      const sql = `SELECT position FROM event_log WHERE ${condition}`;
      assert.equal((await inPostgres(schema, sql)).length, found, condition);
      assert.doesNotMatch(await planOf(sql), /Seq Scan on records/, condition);
    }
    const last = "SELECT position FROM event_log ORDER BY record_position DESC, position DESC LIMIT 1";
    assert.deepEqual(await inPostgres(schema, last), [{ position: String(4 + 20 * 401) }]);
    assert.doesNotMatch(await planOf(last), /Seq Scan on records/);
    for (const condition of ["type = 'ValidationFailed'", "id = 'x'", "position = 9", "message_id = 'x'"]) {
      const plan = await planOf(`SELECT * FROM event_log_exceptions WHERE ${condition} ORDER BY position LIMIT 10`);
      assert.doesNotMatch(plan, /Seq Scan on records/, condition);
    }
  });
});
