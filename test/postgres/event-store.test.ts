/** What the PostgreSQL event store promises beyond the port: waking by NOTIFY, reconnecting, standing foreign transactions. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresEventStore, UnusableDatabase } from "@sluice/adapter-postgres";
import pg from "pg";
import { Notifications } from "../../packages/adapters/postgres/src/notifications.ts";
import { assertSound, many, readEverything, stored, to } from "../conformance/event-store-support.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

const NEVER_MS = 600_000;

const storesOf = async (t: TestContext) => {
  const { location: schema, remove } = await makeSchema();
  const stores: PostgresEventStore[] = [];
  t.after(async () => {
    for (const store of stores) await store.stop();
    await remove();
  });
  const open = async (pollIntervalMs = NEVER_MS): Promise<PostgresEventStore> => {
    const store = new PostgresEventStore({ url: postgresUrl, schema, clock: Date, readers: 2, pollIntervalMs });
    stores.push(store);
    await store.start();
    return store;
  };
  return { schema, open };
};

/** A session that stays in a transaction which has a snapshot and a transaction id, and listens. */
const idleTransaction = async (url: string, schema: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`LISTEN sluice_events_${schema}`);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await client.query("SELECT pg_current_xact_id()");
  return client;
};

/** Resolves with the next page that has events. */
const nextPage = async (
  store: PostgresEventStore,
  after: string | null,
): Promise<readonly { readonly id: string }[]> => {
  const abort = new AbortController();
  for await (const page of store.subscribe({ signal: abort.signal, ...(after === null ? {} : { after }) })) {
    if (page.events.length === 0) continue;
    abort.abort();
    return page.events;
  }
  return [];
};

const skip = (await postgresUnavailable()) ?? false;

describe("postgres event store", { skip, timeout: 60_000 }, () => {
  test("wakes a subscriber of another instance by a notification, without polling", async (t) => {
    const { open } = await storesOf(t);
    const [writer, reader] = [await open(), await open()];
    let after: string | null = null;
    for (let round = 0; round < 5; round++) {
      const waiting = nextPage(reader, after);
      await sleep(20);
      const events = many(2);
      ({ position: after } = await writer.append([to("flow-A", events)]));
      assert.deepEqual(
        (await waiting).map(({ id }) => id),
        events.map(({ id }) => id),
      );
    }
  });

  test("does not wake itself by its own notifications", async (t) => {
    const { schema, open } = await storesOf(t);
    await open();
    const heard = [0, 0];
    const instances = heard.map(
      (_, index) =>
        new Notifications({ url: postgresUrl, schema }, () => {
          heard[index] = (heard[index] as number) + 1;
        }),
    );
    for (const instance of instances) await instance.start();
    const [sender, other] = instances as [Notifications, Notifications];
    const before = [...heard];
    sender.send();
    // Ends what is being sent; the server gives a session its own notifications before the answer to its NOTIFY.
    await sender.stop();
    while (heard[1] === before[1]) await sleep(1);
    await other.stop();
    assert.deepEqual(heard, [before[0], (before[1] as number) + 1]);
  });

  test("finds by polling what no notification told of", async (t) => {
    const { schema, open } = await storesOf(t);
    const reader = await open(20);
    const waiting = nextPage(reader, null);
    await sleep(20);
    await inPostgres(
      schema,
      `SELECT append_events(0, '{x}', '{NULL}', '{NULL}', '{1}', '{1}', '{-1}', '{1}', '{1}', '{1}', '{1}', '{1}',
        '{a}', '{FlowRetired}', '{NULL}', '{NULL}', '{"{}"}', '{NULL}')`,
    );
    assert.deepEqual(
      (await waiting).map(({ id }) => id),
      ["a"],
    );
  });

  test("is not held up by transactions that stay open, in its database or in another", async (t) => {
    const { schema, open } = await storesOf(t);
    const [writer, reader] = [await open(), await open()];
    await writer.append([to("flow-A", many(3))]);
    const other = new URL(postgresUrl);
    other.pathname = "/template1";
    const idle = [await idleTransaction(postgresUrl, schema), await idleTransaction(other.href, schema)];
    try {
      await idle[0]?.query(`SELECT count(*) FROM ${schema}.records`);
      const waiting = nextPage(reader, await reader.head());
      await sleep(20);
      const events = many(3);
      await writer.append([to("flow-A", events)]);
      assert.deepEqual(
        (await waiting).map(({ id }) => id),
        events.map(({ id }) => id),
      );
      // Neither does a start wait for them.
      assert.equal((await readEverything(await open())).length, 6);
    } finally {
      // Dropping the schema would wait for them.
      for (const client of idle) await client.end();
    }
  });

  test("goes on when the server ends its connections", async (t) => {
    const { schema, open } = await storesOf(t);
    const [writer, reader] = [await open(50), await open(50)];
    const batch = [to("flow-A", many(3))];
    await writer.append(batch);
    const ended = await inPostgres(
      schema,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice ${schema}'`,
    );
    assert.ok(ended.length > 0);
    const waiting = nextPage(reader, (await readEverything(reader)).at(-1)?.position as string);
    const next = [to("flow-A", many(1))];
    // A connection that was lost is noticed at its next use at the latest.
    const again = async (): Promise<void> => {
      await writer.append(next).catch(() => writer.append(next));
    };
    await again();
    assert.equal((await waiting).length, 1);
    assert.equal((await writer.append(batch)).duplicate, true);
  });

  test("appends to many streams from 16 writers without a deadlock, whatever their order", async (t) => {
    const { open } = await storesOf(t);
    const stores = await Promise.all(Array.from({ length: 4 }, () => open()));
    const streams = Array.from({ length: 30 }, (_, index) => `traffic-F${index}-20260101`);
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const order = (writer + round) % 2 === 0 ? streams : streams.toReversed();
        const batch = order.map((stream) => to(stream, many(2)));
        const result = await (stores[writer % 4] as PostgresEventStore).append(batch);
        assert.equal(result.versions.length, 30);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)));
    const events = await readEverything(stores[0] as PostgresEventStore);
    assert.equal(events.length, 16 * 6 * 60);
    assertSound(stores[0] as PostgresEventStore, events);
  });

  test("shows the log to people as a view whose data is JSON, also with a NUL in it", async (t) => {
    const { schema, open } = await storesOf(t);
    const store = await open();
    await store.append([to("traffic-Aa-20260101", [stored("Aa", crypto.randomUUID(), "name", "a\0b")])]);
    await store.append([to("traffic-Aa-20260101", [stored("Aa", crypto.randomUUID(), "\0\0", "\\u0000")])]);
    const rows = await inPostgres(
      schema,
      `SELECT flow, category, data ->> 'attribute' AS attribute, data ->> 'value' AS value
       FROM event_log ORDER BY position`,
    );
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        { flow: "Aa", category: "traffic", attribute: "name", value: "a\ufffdb" },
        { flow: "Aa", category: "traffic", attribute: "\ufffd\ufffd", value: "\\u0000" },
      ],
    );
  });

  test("tells flows apart by case", async (t) => {
    const { open } = await storesOf(t);
    const store = await open();
    await store.append([to("flow-a", many(1)), to("flow-A", many(2))]);
    assert.equal((await readEverything(store, { flow: "A" })).length, 2);
    assert.equal((await store.readStream("flow-a", { limit: 9 })).length, 1);
  });

  test("lets several that start at once migrate once, and refuses a schema that differs from its files", async (t) => {
    const { schema, open } = await storesOf(t);
    await Promise.all(Array.from({ length: 4 }, () => open()));
    await inPostgres(schema, "UPDATE sluice_migrations SET hash = 'other' WHERE store = 'events' AND number = 2");
    await assert.rejects(open(), UnusableDatabase);
    await inPostgres(schema, "INSERT INTO sluice_migrations VALUES ('events', 99, 'x', 'x')");
    await assert.rejects(open(), /newer version/);
  });

  test("is unavailable where there is no server, and refuses a name of a schema that needs quotes", async () => {
    const store = new PostgresEventStore({ url: "postgres://127.0.0.1:1/x", clock: Date, connectTimeoutMs: 500 });
    await assert.rejects(store.start(), { name: "EventStoreUnavailable" });
    await store.stop();
    assert.throws(() => new PostgresEventStore({ url: postgresUrl, schema: 'a"b', clock: Date }), UnusableDatabase);
  });
});
