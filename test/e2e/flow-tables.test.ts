/** Flows and brokers defined in tables, end to end: an adopted database, hand-written SQL, a real broker. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import mqtt from "mqtt";
import { flowSourceAdapters } from "../conformance/flow-source-adapters.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Mosquitto, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";

/** As the older gateway's people have written it. */
const SCHEMA = '{"temperature": "float",  "humidity": "float"}';
const ORIGINAL =
  "id, code, description, topic, action, CONCAT(payload_schema, '') AS payload_schema, endpoint_url, enabled";

for (const { name, projection, url } of flowSourceAdapters) {
  describe(`flow tables in ${name}`, () => {
    let broker: Mosquitto | undefined;
    let gateway: GatewayProcess;
    let device: mqtt.MqttClient;
    let database: { readonly location: string; remove(): Promise<void> };
    let missing: string | null = null;

    const query = async (sql: string) => (await projection.query(database.location, sql)).map((row) => ({ ...row }));
    const rowsOf = (table: string, columns: string) => query(`SELECT ${columns} FROM ${table} ORDER BY id`);
    const dataRows = () => rowsOf("data", "id, flow_code, attribute_name, attribute_value, last_msg_id");
    const reload = async () => {
      const { status, body } = await gateway.api("/api/v1/reload", { method: "POST" });
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };
    const history = async (code: string) =>
      (await gateway.all(`/api/v1/flows/${code}/history`)).map(({ type, actor }) => [type, actor]);
    const reasons = async () =>
      new Map(
        (await gateway.api("/health")).body.reasons.map((reason: { code: string; message: string }) => [
          reason.code,
          reason.message,
        ]),
      );
    const received = (flow: string, count: number) =>
      eventually(
        async () => (await gateway.metric("sluice_flow_received_total")).get(`flow="${flow}"`) === count,
        `${count} messages of ${flow}`,
      );
    const publish = (topic: string, payload: string) => device.publishAsync(topic, payload, { qos: 1 });
    const nothing = { defined: [], revised: [], enabled: [], disabled: [], retired: [], refused: [], overruled: [] };

    before(async () => {
      missing = mosquittoProgram ? await projection.unavailable() : "Mosquitto is missing";
      if (missing !== null) return;
      broker = await startMosquitto();
      const { port } = new URL(broker.url);
      database = await projection.create();
      await projection.createOlderTables(database.location);
      await query(`INSERT INTO mqtt_servers (host, port, username, password, enabled, is_default)
        VALUES ('127.0.0.1', ${port}, NULL, NULL, TRUE, TRUE)`);
      await query(`INSERT INTO flows
        (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled) VALUES
        ('AHT10_SENSOR', 'indoor', 'sensors/aht10', 'STORE_DB', '${SCHEMA}', NULL, 41, TRUE),
        ('TEMP_HUM_DB', '', 'sensor/temperatura_humedad', 'STORE_DB', '${SCHEMA}', NULL, 7, FALSE)`);
      await query(`INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id) VALUES
        ('2025-06-01 12:00:00', 'AHT10_SENSOR', 'temperature', '21.5', 41),
        ('2025-06-01 12:00:00', 'AHT10_SENSOR', 'humidity', '48', 41)`);
      gateway = new GatewayProcess({ env: { PROJECTION_URL: url(database.location) } });
      await gateway.start();
      device = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
      await eventually(
        async () => (await gateway.api("/health")).body.statistics.active_subscriptions === 1,
        "the adopted flow is subscribed",
      );
    });

    after(async () => {
      if (missing !== null) return;
      await device?.endAsync(true);
      await gateway?.dispose();
      await broker?.stop();
      await database?.remove();
    });

    const needs = (t: { skip(reason?: string): void }) => requireService(t, missing ?? name, missing === null);

    it("adopts the older gateway's database, rows and brokers, and goes on with its numbers", async (t) => {
      if (!needs(t)) return;
      const { body: flow } = await gateway.api("/api/v1/flows/AHT10_SENSOR");
      assert.deepEqual([flow.lastMessageNumber, flow.broker, flow.enabled], [41, "*", true]);
      assert.deepEqual(await history("AHT10_SENSOR"), [["FlowDefined", "table:flows"]]);
      assert.equal((await gateway.api("/api/v1/flows/TEMP_HUM_DB")).body.enabled, false);

      await publish("sensors/aht10", '{"temperature":22,"humidity":49}');
      await publish("sensors/aht10", '{"temperature":"hot"}');
      await received("AHT10_SENSOR", 2);
      await gateway.caughtUp();
      const rows = await dataRows();
      assert.deepEqual(
        rows.map(({ attribute_name, attribute_value, last_msg_id }) => [
          attribute_name,
          attribute_value,
          Number(last_msg_id),
        ]),
        [
          ["temperature", "21.5", 41],
          ["humidity", "48", 41],
          ["temperature", "22", 42],
          ["humidity", "49", 42],
        ],
      );
      const flows = await rowsOf("flows", ORIGINAL);
      assert.deepEqual(
        flows.map(({ id: _id, enabled, ...row }) => ({ ...row, enabled: Boolean(enabled) })),
        [
          {
            code: "AHT10_SENSOR",
            description: "indoor",
            topic: "sensors/aht10",
            action: "STORE_DB",
            payload_schema: SCHEMA,
            endpoint_url: null,
            enabled: true,
          },
          {
            code: "TEMP_HUM_DB",
            description: "",
            topic: "sensor/temperatura_humedad",
            action: "STORE_DB",
            payload_schema: SCHEMA,
            endpoint_url: null,
            enabled: false,
          },
        ],
      );
      const numbers = await rowsOf("flows", "id, last_msg_id");
      assert.deepEqual(
        numbers.map(({ last_msg_id }) => Number(last_msg_id)),
        [43, 7],
      );
      assert.deepEqual((await reload()).flows, nothing);
      assert.equal((await reasons()).size, 0);
    });

    it("takes up hand-written rows at once when asked to, without a reconnect", async (t) => {
      if (!needs(t)) return;
      const connects = () => gateway.metric("sluice_broker_connects_total");
      const before = await connects();
      await query("UPDATE flows SET topic = 'sensors/moved', enabled = TRUE WHERE code = 'AHT10_SENSOR'");
      await query("UPDATE flows SET enabled = TRUE WHERE code = 'TEMP_HUM_DB'");
      await query(`INSERT INTO flows (code, description, topic, action, payload_schema, last_msg_id, enabled)
        VALUES ('BY_HAND', '', 'by/hand/+', 'STORE_DB', '{}', 0, TRUE)`);
      const { flows, brokers } = await reload();
      assert.deepEqual(flows, {
        ...nothing,
        defined: ["BY_HAND"],
        revised: ["AHT10_SENSOR"],
        enabled: ["TEMP_HUM_DB"],
      });
      assert.deepEqual(brokers, { started: [], replaced: [], stopped: [], unchanged: ["default"] });
      assert.deepEqual((await history("AHT10_SENSOR")).at(-1), ["FlowRevised", "table:flows"]);
      assert.deepEqual((await history("TEMP_HUM_DB")).at(-1), ["FlowEnabled", "table:flows"]);
      await eventually(
        async () => (await gateway.api("/health")).body.statistics.active_subscriptions === 3,
        "three subscriptions",
      );
      await publish("sensors/moved", '{"temperature":1,"humidity":2}');
      await publish("by/hand/1", '{"n":1}');
      await received("AHT10_SENSOR", 3);
      await received("BY_HAND", 1);
      assert.deepEqual(await connects(), before);
      await gateway.caughtUp();
      assert.deepEqual((await reload()).flows, nothing);
    });

    it("follows the rows of brokers: its flows are of every one", async (t) => {
      if (!needs(t)) return;
      const second = await startMosquitto();
      t.after(() => second.stop());
      await query(`INSERT INTO mqtt_servers (host, port, enabled, is_default)
        VALUES ('127.0.0.1', ${new URL(second.url).port}, TRUE, FALSE), ('not a host', 1883, TRUE, FALSE)`);
      const { brokers } = await reload();
      assert.deepEqual([brokers.started.length, brokers.replaced, brokers.stopped], [1, [], []]);
      assert.deepEqual(brokers.unchanged, ["default"]);
      assert.ok((await reasons()).has("broker-misconfigured"));
      await eventually(
        async () => (await gateway.api("/health")).body.statistics.active_subscriptions === 6,
        "subscribed at both",
      );
      const other = await mqtt.connectAsync(second.url, { protocolVersion: 4 });
      await other.publishAsync("by/hand/2", '{"n":2}', { qos: 1 });
      await received("BY_HAND", 2);
      await other.endAsync(true);
      // It counts as received a moment before it is in the log.
      const event = await eventually(
        async () => (await gateway.all("/api/v1/events?flow=BY_HAND&type=MessageReceived"))[1],
        "the second one is in the log",
      );
      assert.equal(event.data.broker, brokers.started[0]);

      await query("DELETE FROM mqtt_servers WHERE is_default = FALSE");
      assert.deepEqual((await reload()).brokers, {
        started: [],
        replaced: [],
        stopped: brokers.started,
        unchanged: ["default"],
      });
      assert.equal((await reasons()).size, 0);
    });

    it("reports a row that makes no flow, once, and leaves the others alone", async (t) => {
      if (!needs(t)) return;
      await query(`INSERT INTO flows (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled)
        VALUES ('BAD ROW', '', 'a/#/b', 'POST_ENDPOINT', '{"x": "floot"}', 'http://user:secret@x/', 0, TRUE)`);
      await query("UPDATE flows SET action = 'STORE_FILE' WHERE code = 'TEMP_HUM_DB'");
      await query("UPDATE flows SET description = 'good' WHERE code = 'BY_HAND'");
      const { flows } = await reload();
      assert.deepEqual(flows.revised, ["BY_HAND"]);
      const places = ({ code, errors }: { code: string; errors: { pointer: string }[] }) => [
        code,
        errors.map(({ pointer }) => pointer).sort(),
      ];
      assert.deepEqual(flows.refused.map(places).sort(), [
        ["BAD ROW", ["/code", "/endpoint_url", "/payload_schema/x", "/topic"]],
        ["TEMP_HUM_DB", ["/action"]],
      ]);
      await reload();
      const events = await gateway.all("/api/v1/events?type=FlowRowRefused");
      assert.deepEqual(events.map(({ stream, data }) => [stream, data.code, data.reason]).sort(), [
        ["table-flows", "BAD ROW", "invalid"],
        ["table-flows", "TEMP_HUM_DB", "invalid"],
      ]);
      assert.doesNotMatch(JSON.stringify(events) + gateway.output, /secret/);
      assert.match(String((await reasons()).get("flow-row-refused")), /TEMP_HUM_DB \(action /);
      assert.equal((await gateway.api("/api/v1/flows/TEMP_HUM_DB")).body.actions[0].type, "STORE_DB");

      await query("UPDATE flows SET action = 'STORE_DB' WHERE code = 'TEMP_HUM_DB'");
      await query("DELETE FROM flows WHERE code = 'BAD ROW'");
      assert.deepEqual((await reload()).flows, nothing);
      assert.equal((await reasons()).size, 0);
    });

    it("shows what is defined through the API, and lets the log win where both have changed", async (t) => {
      if (!needs(t)) return;
      await gateway.define({
        code: "API",
        topic: "api/{device}",
        thresholds: [{ attribute: "n", max: 5 }],
        actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url: "http://127.0.0.1:9/" }],
      });
      await gateway.caughtUp();
      const row = async () => (await query("SELECT topic, endpoint_url FROM flows WHERE code = 'API'"))[0];
      assert.deepEqual(await row(), { topic: "api/{device}", endpoint_url: "http://127.0.0.1:9/" });

      await query("UPDATE flows SET topic = 'by/sql', endpoint_url = 'http://127.0.0.1:10/' WHERE code = 'API'");
      assert.deepEqual((await reload()).flows.revised, ["API"]);
      const { body: edited } = await gateway.api("/api/v1/flows/API");
      assert.deepEqual(
        [edited.topic, edited.thresholds.length, edited.actions.map((action: { url?: string }) => action.url)],
        ["by/sql", 1, [undefined, "http://127.0.0.1:10/"]],
      );
      await gateway.caughtUp();

      await query("UPDATE flows SET topic = 'overruled' WHERE code = 'API'");
      const { status } = await gateway.api("/api/v1/flows/API", {
        method: "PUT",
        body: { ...edited, topic: "by/api" },
      });
      assert.equal(status, 200);
      await gateway.caughtUp();
      assert.equal((await row())?.topic, "by/api");
      const { flows } = await reload();
      assert.deepEqual({ ...flows, overruled: [] }, nothing);
      assert.deepEqual(
        flows.overruled.map((one: { code: string; row: { topic: string } }) => [one.code, one.row.topic]),
        [["API", "overruled"]],
      );
      assert.deepEqual((await reload()).flows, nothing);
      const events = await gateway.all("/api/v1/events?stream=table-flows");
      const overruled = events.filter(({ data }) => data.reason === "overruled");
      assert.deepEqual(
        overruled.map(({ data }) => [data.code, data.row.topic]),
        [["API", "overruled"]],
      );
      assert.equal((await gateway.api("/api/v1/flows/API")).body.topic, "by/api");
    });

    it("retires what is deleted, carries a number over to another code, and knows it all after a restart", async (t) => {
      if (!needs(t)) return;
      await query("DELETE FROM flows WHERE code = 'BY_HAND'");
      await query("UPDATE flows SET code = 'RENAMED' WHERE code = 'AHT10_SENSOR'");
      const { flows } = await reload();
      assert.deepEqual(
        { ...flows, retired: flows.retired.sort() },
        {
          ...nothing,
          defined: ["RENAMED"],
          retired: ["AHT10_SENSOR", "BY_HAND"],
        },
      );
      assert.equal((await gateway.api("/api/v1/flows/RENAMED")).body.lastMessageNumber, 44);
      await gateway.caughtUp();
      assert.equal(await gateway.stop(), 0);
      await query("UPDATE flows SET description = 'while it was down' WHERE code = 'RENAMED'");
      await gateway.start();
      const { body: renamed } = await gateway.api("/api/v1/flows/RENAMED");
      assert.deepEqual([renamed.description, renamed.lastMessageNumber], ["while it was down", 44]);
      assert.deepEqual(
        (await gateway.all("/api/v1/flows")).map(({ code }) => code),
        ["API", "RENAMED", "TEMP_HUM_DB"],
      );
      assert.deepEqual((await reload()).flows, nothing);
    });

    it("goes on as it is while the tables cannot be read, and says so", async (t) => {
      if (!needs(t)) return;
      await gateway.caughtUp();
      await query("ALTER TABLE mqtt_servers RENAME TO mqtt_servers_away");
      const { status, body } = await gateway.api("/api/v1/reload", { method: "POST" });
      assert.deepEqual([status, body.code], [503, "projection-unavailable"]);
      assert.ok((await reasons()).has("flow-tables-unreadable"));
      assert.equal((await gateway.api("/health")).body.statistics.connected, true);
      await query("ALTER TABLE mqtt_servers_away RENAME TO mqtt_servers");
      assert.deepEqual((await reload()).flows, nothing);
      assert.equal((await reasons()).has("flow-tables-unreadable"), false);
    });
  });
}
