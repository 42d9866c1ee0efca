/** The main job, end to end: published, validated, stored, forwarded, asked about; on the embedded broker and on Mosquitto. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import mqtt from "mqtt";
import { auditFlow } from "../support/audit.ts";
import { assertConservation } from "../support/conservation.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Mosquitto, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { requireService } from "../support/services.ts";

const brokers = [
  { name: "embedded broker", start: async (): Promise<Mosquitto | null> => null, available: true },
  { name: "mosquitto", start: (): Promise<Mosquitto | null> => startMosquitto(), available: mosquittoProgram },
];

for (const { name, start, available } of brokers) {
  /** With a broker in between, the publisher's PUBACK says nothing about the gateway yet. */
  const received = async (gateway: GatewayProcess, flow: string, count: number) => {
    await eventually(
      async () => (await gateway.metric("sluice_flow_received_total")).get(`flow="${flow}"`) === count,
      `${count} messages of ${flow}`,
    );
    await gateway.caughtUp();
  };

  describe(`main path on the ${name}`, () => {
    let broker: Mosquitto | null = null;
    let receiver: Receiver;
    let gateway: GatewayProcess;
    let device: mqtt.MqttClient;
    let ready = false;

    before(async () => {
      if (!available) return;
      broker = await start();
      receiver = await startReceiver();
      gateway = new GatewayProcess({ env: broker === null ? {} : { MQTT_URL: broker.url } });
      await gateway.start();
      device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
      ready = true;
    });

    after(async () => {
      if (!ready) return;
      await device.endAsync(true);
      await gateway.dispose();
      await receiver.stop();
      await broker?.stop();
    });

    const subscribed = (count: number) =>
      eventually(
        async () => (await gateway.api("/health")).body.statistics.active_subscriptions >= count,
        `${count} subscriptions`,
      );

    it("stores, forwards, rejects and explains", async (t) => {
      if (!requireService(t, "mosquitto", available)) return;
      await gateway.define({
        code: "AHT10_SENSOR",
        topic: "sensors/{site}/aht10",
        payloadSchema: { temperature: "float", humidity: "float" },
        actions: [{ type: "STORE_DB" }],
      });
      await gateway.define({
        code: "AHT10_ENDPOINT",
        topic: "sensors/+/aht10",
        payloadSchema: { temperature: "float", humidity: "float" },
        actions: [{ type: "POST_ENDPOINT", url: `${receiver.url}/readings` }],
      });
      await subscribed(1);

      const good = '{ "temperature" : 21.50, "humidity":48, "n":12345678901234567890, "tags":{"b":1,"a":[-0]} }';
      const invalid = '{"temperature":"hot","humidity":48}';
      const notJson = Buffer.from([0xff, 0x00, 0x7b, 0x80]);
      await device.publishAsync("sensors/hall/aht10", good, { qos: 1 });
      await device.publishAsync("sensors/hall/aht10", invalid, { qos: 1 });
      await device.publishAsync("sensors/hall/aht10", notJson, { qos: 2 });
      await received(gateway, "AHT10_SENSOR", 3);

      const data = await gateway.all("/api/v1/data?flow=AHT10_SENSOR");
      const byName = new Map(data.map((item) => [item.attribute, item]));
      assert.deepEqual([...byName.keys()].sort(), ["humidity", "n", "tags", "temperature"]);
      assert.deepEqual(
        [byName.get("temperature").value, byName.get("temperature").text, byName.get("temperature").valueType],
        [21.5, "21.50", "number"],
      );
      assert.equal(byName.get("n").text, "12345678901234567890");
      assert.equal(byName.get("tags").text, '{"a":[-0],"b":1}');
      assert.ok(data.every((item) => item.messageNumber === 1 && item.messageId === data[0].messageId));

      const failures = await gateway.all("/api/v1/events?flow=AHT10_SENSOR&type=ValidationFailed");
      assert.deepEqual(
        failures.map((event) => [event.data.messageNumber, event.data.disposition, event.data.errors[0].keyword]),
        [
          [2, "rejected", "type"],
          [3, "rejected", "encoding"],
        ],
      );
      assert.equal(failures[0].data.errors[0].pointer, "/temperature");
      const messages = await gateway.all("/api/v1/events?flow=AHT10_SENSOR&type=MessageReceived");
      const bytes = messages.map(({ data: { payload } }) => Buffer.from(payload.data, payload.encoding));
      assert.deepEqual(bytes, [Buffer.from(good), Buffer.from(invalid), notJson]);
      assert.deepEqual(messages[0].data.captures, { site: "hall" });

      assert.equal(receiver.requests.length, 1);
      assert.deepEqual(receiver.requests[0]?.body, Buffer.from(good));
      assert.equal(receiver.requests[0]?.headers["content-type"], "application/json");
      assert.ok(receiver.requests[0]?.headers["idempotency-key"]);

      const story = (await gateway.api(`/api/v1/messages/${messages[0].data.messageId}`)).body;
      assert.deepEqual(story.flows.map((flow: { flow: string }) => flow.flow).sort(), [
        "AHT10_ENDPOINT",
        "AHT10_SENSOR",
      ]);
      await assertConservation(gateway);
      assert.deepEqual(
        { ...auditFlow(gateway.dataDir, "AHT10_SENSOR"), payloads: undefined },
        { received: 3, rejected: 2, storedAttributes: 4, rows: 4, payloads: undefined },
      );
    });

    it("follows changes of flows without a restart", async (t) => {
      if (!requireService(t, "mosquitto", available)) return;
      await gateway.define({ code: "LATER", topic: "later/#", actions: [{ type: "STORE_DB" }] });
      await subscribed(2);
      await device.publishAsync("later/a", '{"v":1}', { qos: 1 });
      await eventually(async () => (await gateway.all("/api/v1/data?flow=LATER")).length === 1, "first row");

      assert.equal((await gateway.api("/api/v1/flows/LATER/disable", { method: "POST" })).status, 200);
      await eventually(
        async () => (await gateway.api("/health")).body.statistics.active_subscriptions < 2,
        "unsubscribed",
      );
      await device.publishAsync("later/a", '{"v":2}', { qos: 1 });
      assert.equal((await gateway.api("/api/v1/flows/LATER/enable", { method: "POST" })).status, 200);
      await subscribed(2);
      await device.publishAsync("later/a", '{"v":3}', { qos: 1 });
      await eventually(async () => (await gateway.all("/api/v1/data?flow=LATER")).length === 2, "second row");
      assert.deepEqual(
        (await gateway.all("/api/v1/data?flow=LATER")).map((item) => item.value),
        [1, 3],
      );
    });

    it("records a retained message once, however often it is sent again", async (t) => {
      if (!requireService(t, "mosquitto", available)) return;
      await device.publishAsync("state/lamp", '{"on":true}', { qos: 1, retain: true });
      await gateway.define({ code: "STATE", topic: "state/+", actions: [{ type: "STORE_DB" }] });
      await eventually(async () => (await gateway.all("/api/v1/data?flow=STATE")).length === 1, "retained message");
      for (const action of ["disable", "enable", "disable", "enable"]) {
        await gateway.api(`/api/v1/flows/STATE/${action}`, { method: "POST" });
      }
      const skipped = async () => await gateway.all("/api/v1/events?flow=STATE&type=MessagesSkipped");
      await eventually(async () => (await skipped()).length > 0, "the repeat is recognised");
      assert.equal((await gateway.all("/api/v1/data?flow=STATE")).length, 1);
      assert.equal((await skipped())[0].data.reason, "retained-repeat");
    });

    it("goes on with numbers and state after a clean restart", async (t) => {
      if (!requireService(t, "mosquitto", available)) return;
      await device.endAsync(true);
      assert.equal(await gateway.stop("SIGTERM"), 0);
      await gateway.start();
      device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
      await subscribed(1);
      await device.publishAsync("sensors/hall/aht10", '{"temperature":1,"humidity":2}', { qos: 1 });
      await received(gateway, "AHT10_SENSOR", 4);
      assert.equal(auditFlow(gateway.dataDir, "AHT10_SENSOR").received, 4);
      await assertConservation(gateway);
    });
  });
}
