/** Conformance: the tables as the flow source reads them, new ones and adopted ones. */
import assert from "node:assert/strict";
import { FlowSourceUnavailable } from "@sluice/domain";
import {
  columnsOf,
  type FlowSourceDefinition,
  fillOlderTables,
  OLD_SCHEMA,
  olderTables,
  rowOf,
} from "./flow-source-support.ts";
import { FLOW, feed } from "./projection-store-support.ts";

const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

export const tablesDefinitions: readonly FlowSourceDefinition[] = [
  {
    name: "begins with no flow, and with one broker's row that is not enabled",
    async run({ openSource, query }) {
      const source = await openSource();
      const { servers, ...rest } = await source.read();
      assert.deepEqual(rest, { flows: [], mirrored: new Map(), overruled: [] });
      assert.deepEqual(
        servers.map(({ id: _id, ...server }) => server),
        [
          {
            host: "localhost",
            port: 1883,
            username: null,
            password: null,
            enabled: false,
            isDefault: true,
            protocol: null,
            caCerts: null,
            certfile: null,
            keyfile: null,
          },
        ],
      );
      await query("DELETE FROM mqtt_servers");
      await source.stop();
      assert.deepEqual((await (await openSource()).read()).servers, [], "it is not put back");
    },
  },
  {
    name: "reads what people have written, whatever they left out",
    async run({ openSource, query }) {
      const source = await openSource();
      await query(`INSERT INTO flows (code, topic, action) VALUES ('B', 'b/#', 'STORE_DB')`);
      await query(`INSERT INTO flows (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled)
        VALUES ('A', 'Grüße 🌡️', 'a', 'NO_SUCH', '[1]', 'http://x/', 7, FALSE)`);
      await query("DELETE FROM mqtt_servers");
      await query(`INSERT INTO mqtt_servers
        (host, port, username, password, enabled, is_default, protocol, ca_certs, certfile, keyfile)
        VALUES ('h', 8883, 'u', 'p', TRUE, FALSE, 'mqtts', '/ca', '/cert', '/key')`);
      const { flows, servers } = await source.read();
      const plain = { payloadSchema: null, endpointUrl: null };
      assert.deepEqual(
        flows.map(({ id: _id, description, ...flow }) => ({ ...flow, description: description ?? "" })),
        [
          {
            code: "B",
            description: "",
            topic: "b/#",
            action: "STORE_DB",
            ...plain,
            lastMessageNumber: 0,
            enabled: true,
          },
          {
            code: "A",
            description: "Grüße 🌡️",
            topic: "a",
            action: "NO_SUCH",
            payloadSchema: "[1]",
            endpointUrl: "http://x/",
            lastMessageNumber: 7,
            enabled: false,
          },
        ],
      );
      assert.ok(flows.every(({ id }) => Number.isInteger(id)));
      assert.deepEqual(
        servers.map(({ id: _id, ...server }) => server),
        [
          {
            host: "h",
            port: 8883,
            username: "u",
            password: "p",
            enabled: true,
            isDefault: false,
            protocol: "mqtts",
            caCerts: "/ca",
            certfile: "/cert",
            keyfile: "/key",
          },
        ],
      );
    },
  },
  {
    name: "reads numbers beyond JavaScript's whole ones",
    async run({ openSource, query }) {
      const source = await openSource();
      await query(`INSERT INTO flows (code, description, topic, action, payload_schema, last_msg_id)
        VALUES ('A', '', 'a', 'STORE_DB', 'null', 9223372036854775807), ('B', '', 'b', 'STORE_DB', 'null', -1)`);
      const { flows } = await source.read();
      assert.deepEqual(
        flows.map(({ lastMessageNumber }) => lastMessageNumber),
        [2 ** 63, -1],
      );
    },
  },
  {
    name: "adopts the older gateway's database and changes nothing in it",
    async run(context) {
      await fillOlderTables(context);
      const before = await olderTables(context);
      assert.equal(before.flows?.length, 2);
      const source = await context.openSource();
      const { flows, mirrored, servers, overruled } = await source.read();
      assert.deepEqual(
        flows.map(({ code, lastMessageNumber, enabled }) => [code, lastMessageNumber, enabled]),
        [
          ["AHT10_SENSOR", 11, true],
          ["AHT10_ENDPOINT", 0, false],
        ],
      );
      assert.deepEqual(parsed(flows[0]?.payloadSchema ?? null), JSON.parse(OLD_SCHEMA));
      assert.equal(mirrored.size + overruled.length, 0);
      assert.deepEqual(
        servers.map(({ host, port, username, password, isDefault, protocol }) => [
          host,
          port,
          username,
          password,
          isDefault,
          protocol,
        ]),
        [
          ["one.example", 1883, null, null, false, null],
          ["two.example", 8883, "user", "pass", true, null],
        ],
      );
      await context.openProjection();
      assert.deepEqual(await olderTables(context), before);
    },
  },
  {
    name: "starts before the projection store, after it and at the same time",
    async run({ openSource, openProjection }) {
      const [source, store] = await Promise.all([openSource(), openProjection(), openSource(), openProjection()]);
      await feed(store)({ flows: [rowOf()] });
      const { mirrored, flows } = await source.read();
      assert.deepEqual([...mirrored.keys(), ...flows.map(({ code }) => code)], [FLOW, FLOW]);
      assert.deepEqual(mirrored.get(FLOW), columnsOf());
    },
  },
  {
    name: "says that it cannot read now, and reads again when it can",
    async run({ openSource, adapter, location, query }) {
      await assert.rejects(adapter.open(location).read(), FlowSourceUnavailable);
      const source = await openSource();
      await query("ALTER TABLE flows RENAME TO flows_away");
      await assert.rejects(source.read(), FlowSourceUnavailable);
      await assert.rejects(source.read(), FlowSourceUnavailable);
      await query("ALTER TABLE flows_away RENAME TO flows");
      assert.deepEqual((await source.read()).flows, []);
      await source.stop();
      await assert.rejects(source.read(), FlowSourceUnavailable);
      await source.start();
      assert.deepEqual((await source.read()).flows, []);
    },
  },
];
