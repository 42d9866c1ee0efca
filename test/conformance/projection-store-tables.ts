/** Conformance: the older gateway's tables, new ones and adopted ones. */
import assert from "node:assert/strict";
import type { FlowDefinition } from "@sluice/contracts";
import type { FlowRow } from "@sluice/domain";
import {
  batch,
  CONSUMER,
  definition,
  doneOf,
  FLOW,
  feed,
  instant,
  itemOf,
  type ProjectionStoreContext,
  type ProjectionStoreDefinition,
  readData,
  readPages,
  row,
  withoutId,
} from "./projection-store-support.ts";

const flowRow = (values: Partial<FlowDefinition> = {}, enabled = true): FlowRow => {
  const defined = definition(values);
  return { code: defined.code, definition: defined, enabled };
};

const post = (url: string): FlowDefinition["actions"][0] => ({
  id: "post",
  type: "POST_ENDPOINT",
  url,
  headers: {},
  timeoutSeconds: 10,
  maxAttempts: 5,
  ordered: false,
  concurrency: 4,
  priority: 5,
});

const FLOW_COLUMNS = "code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled";

/** Rows of `flows` by code, with plain values: databases differ in what they give for a boolean and for JSON. */
const readFlows = async ({ adapter, location }: ProjectionStoreContext) => {
  const rows = await adapter.query(location, `SELECT ${FLOW_COLUMNS} FROM flows ORDER BY code`);
  return rows.map(({ enabled, last_msg_id, payload_schema, code, ...rest }) => ({
    code,
    ...rest,
    schema: typeof payload_schema === "string" ? JSON.parse(payload_schema) : payload_schema,
    lastMessageNumber: Number(last_msg_id),
    enabled: Boolean(enabled),
  }));
};

const OLD_VALUES = ["21.5", "42", "True", "None", "text", '{"a": [1, 2.5]}', "[1]", "1e-05", "inf", "-", "{broken"];

/** A database as the older gateway leaves it: a broker, a flow, and rows. */
const fillOlderTables = async ({ adapter, location }: ProjectionStoreContext): Promise<void> => {
  await adapter.createOlderTables(location);
  const run = (sql: string) => adapter.query(location, sql);
  await run(`INSERT INTO mqtt_servers (host, port, username, password, enabled, is_default)
    VALUES ('broker.example', 1883, NULL, NULL, TRUE, TRUE)`);
  await run(`INSERT INTO flows (${FLOW_COLUMNS}) VALUES
    ('AHT10_SENSOR', 'indoor', 'sensors/aht10', 'STORE_DB', '{"temperature": "float"}', NULL, 11, TRUE)`);
  for (const [index, value] of OLD_VALUES.entries()) {
    const second = String(index).padStart(2, "0");
    await run(`INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
      VALUES ('2025-06-01 12:00:${second}', 'AHT10_SENSOR', 'old', '${value}', ${index + 1})`);
  }
};

export const tablesDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "has the older gateway's tables, where its queries and inserts work",
    async run({ adapter, location, open }) {
      const store = await open();
      const run = (sql: string) => adapter.query(location, sql);
      await run("INSERT INTO mqtt_servers (host) VALUES ('broker.example')");
      const [server] = await run(`SELECT id, host, port, username, password, enabled, is_default FROM mqtt_servers
        WHERE host = 'broker.example'`);
      assert.deepEqual(
        { ...server, id: 0, enabled: Boolean(server?.enabled), is_default: Boolean(server?.is_default) },
        {
          id: 0,
          host: "broker.example",
          port: 1883,
          username: null,
          password: null,
          enabled: true,
          is_default: false,
        },
      );
      await run(`INSERT INTO flows (code, description, topic, action, payload_schema)
        VALUES ('OLD', 'by hand', 'a/b', 'STORE_DB', '{}')`);
      const [flow] = await run("SELECT last_msg_id, enabled, endpoint_url FROM flows WHERE code = 'OLD'");
      assert.deepEqual([Number(flow?.last_msg_id), Boolean(flow?.enabled), flow?.endpoint_url], [0, true, null]);
      await assert.rejects(async () =>
        run(`INSERT INTO flows (code, description, topic, action, payload_schema)
          VALUES ('OLD', 'again', 'a/b', 'STORE_DB', '{}')`),
      );

      await feed(store)({ rows: [row({ messageNumber: 5 }), row({ messageNumber: 6 }), row({ flow: "B" })] });
      const summary = await run(`SELECT flow_code, COUNT(*) AS message_count, MAX(last_msg_id) AS last_number
        FROM data WHERE received_at >= '2026-01-01' AND received_at < '2026-01-02' GROUP BY flow_code ORDER BY flow_code`);
      assert.deepEqual(
        summary.map(({ flow_code, message_count, last_number }) => [
          flow_code,
          Number(message_count),
          Number(last_number),
        ]),
        [
          ["B", 1, 1],
          [FLOW, 2, 6],
        ],
      );
      const [first] = await run("SELECT attribute_name, attribute_value FROM data ORDER BY id");
      assert.deepEqual({ ...first }, { attribute_name: "temperature", attribute_value: "21.5" });
    },
  },
  {
    name: "mirrors flows through their life",
    async run(context) {
      const store = await context.open();
      const apply = feed(store);
      const both = [post("http://127.0.0.1:9000/a"), { id: "store", type: "STORE_DB" as const }, post("http://b/")];
      await apply({ flows: [flowRow(), flowRow({ code: "FLOW_B", payloadSchema: null, actions: both }, false)] });
      const a = {
        code: FLOW,
        description: "one of two",
        topic: "sensors/{site}/data",
        action: "STORE_DB",
        schema: { temperature: "float" },
        endpoint_url: null,
        lastMessageNumber: 0,
        enabled: true,
      };
      const b = {
        ...a,
        code: "FLOW_B",
        action: "POST_ENDPOINT",
        schema: null,
        endpoint_url: "http://127.0.0.1:9000/a",
        enabled: false,
      };
      assert.deepEqual(await readFlows(context), [a, b]);

      const ids = () => context.adapter.query(context.location, "SELECT code, id FROM flows ORDER BY code");
      const before = await ids();
      await apply({ lastMessageNumbers: new Map([[FLOW, 7]]) });
      await apply({
        flows: [flowRow({ description: "Grüße 🌡️", topic: "x/#", payloadSchema: true }, false)],
        lastMessageNumbers: new Map([
          [FLOW, 9],
          ["no such flow", 3],
        ]),
      });
      const revised = {
        ...a,
        description: "Grüße 🌡️",
        topic: "x/#",
        schema: true,
        enabled: false,
        lastMessageNumber: 9,
      };
      assert.deepEqual(await readFlows(context), [revised, b]);
      assert.deepEqual(await ids(), before, "a flow's row keeps its id");

      await apply({ flows: [{ code: FLOW, definition: null, enabled: false }] });
      assert.deepEqual(await readFlows(context), [b]);
      await apply({ flows: [{ code: FLOW, definition: null, enabled: false }, flowRow()] });
      assert.deepEqual(await readFlows(context), [a, b]);
    },
  },
  {
    name: "adopts the older gateway's database with its rows, and starts again on it",
    async run(context) {
      await fillOlderTables(context);
      const { adapter, location } = context;
      for (let start = 0; start < 3; start++) {
        const store = await context.open();
        const items = await readData(store);
        assert.deepEqual(
          items.map(({ text }) => text),
          OLD_VALUES,
        );
        const third = items[2] as (typeof items)[0];
        assert.deepEqual(await store.row(third.id), third);
        assert.deepEqual(withoutId(third), {
          flow: "AHT10_SENSOR",
          action: null,
          attribute: "old",
          value: true,
          valueType: "boolean",
          text: "True",
          messageId: null,
          messageNumber: 3,
          receivedAt: "2025-06-01T12:00:02.000Z",
          deviceTime: null,
          eventId: null,
        });
        await store.stop();
      }
      const servers = await adapter.query(location, "SELECT host, port FROM mqtt_servers");
      assert.deepEqual(
        servers.map(({ host, port }) => [host, port]),
        [["broker.example", 1883]],
      );
      assert.deepEqual(await readFlows(context), [
        {
          code: "AHT10_SENSOR",
          description: "indoor",
          topic: "sensors/aht10",
          action: "STORE_DB",
          schema: { temperature: "float" },
          endpoint_url: null,
          lastMessageNumber: 11,
          enabled: true,
        },
      ]);
    },
  },
  {
    name: "guesses the type of an older value from its text",
    async run(context) {
      await fillOlderTables(context);
      const items = await readData(await context.open());
      assert.deepEqual(
        items.map(({ valueType, value }) => [valueType, value]),
        [
          ["number", 21.5],
          ["integer", 42],
          ["boolean", true],
          ["null", null],
          ["string", "text"],
          ["object", { a: [1, 2.5] }],
          ["array", [1]],
          ["number", 1e-5],
          ["string", "inf"],
          ["string", "-"],
          ["string", "{broken"],
        ],
      );
    },
  },
  {
    name: "works on in an adopted database, where older inserts still work",
    async run(context) {
      await fillOlderTables(context);
      const { adapter, location } = context;
      const store = await context.open();
      const apply = feed(store);
      const rows = [row({ flow: "AHT10_SENSOR", attribute: "old" }), row()];
      await apply({
        rows,
        flows: [flowRow({ code: "AHT10_SENSOR", payloadSchema: null }), flowRow()],
        lastMessageNumbers: new Map([["AHT10_SENSOR", 12]]),
      });
      assert.deepEqual((await apply({ rows: [row({ attribute: "x".repeat(256) })] })).dead.length, 1);
      await adapter.query(
        location,
        `INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
         VALUES ('2026-01-02 00:00:00', 'AHT10_SENSOR', 'old', '1', 13)`,
      );
      const series = { flow: "AHT10_SENSOR", attribute: "old" };
      const found = await readPages((page) => store.data(series, page), { limit: 5, order: "desc" });
      assert.deepEqual(
        found.map(({ text }) => text),
        ["1", "21.5", ...OLD_VALUES.toReversed()],
      );
      const old = { to: "2025-06-01T12:00:03.000Z", from: "2025-06-01T12:00:02Z" };
      assert.deepEqual(
        (await readData(store, old)).map(({ text }) => text),
        ["True", "None"],
      );
      assert.deepEqual(
        (await readFlows(context)).map(({ code, lastMessageNumber, schema }) => [code, lastMessageNumber, schema]),
        [
          ["AHT10_SENSOR", 12, null],
          [FLOW, 0, { temperature: "float" }],
        ],
      );
    },
  },
  {
    name: "keeps the older gateway's rows through a reset",
    async run(context) {
      await fillOlderTables(context);
      const store = await context.open();
      const rows = [row({ receivedAt: instant(1) }), row({ receivedAt: instant(2) })];
      const once = batch({ rows, done: doneOf(rows) });
      await store.apply(once);
      await store.reset(CONSUMER);
      assert.deepEqual(
        (await readData(store)).map(({ text }) => text),
        OLD_VALUES,
      );
      assert.equal((await readFlows(context)).length, 1);
      await store.apply(once);
      const items = await readData(store, { from: instant(0) });
      assert.deepEqual(items.map(withoutId), rows.map(itemOf));
    },
  },
];
