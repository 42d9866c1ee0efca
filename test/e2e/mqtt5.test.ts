/** What MQTT 5 carries beside topic and payload, from a device to the event log. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Mosquitto, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { findProgram, requireService } from "../support/services.ts";

const publisher = findProgram("mosquitto_pub");
/** An interval, and the second by which whole seconds may be wrong. */
const EXPIRED_MS = 2_100;

describe("MQTT 5 end to end", () => {
  let broker: Mosquitto;
  let gateway: GatewayProcess;

  before(async () => {
    if (!mosquittoProgram) return;
    broker = await startMosquitto();
    gateway = new GatewayProcess({ env: { MQTT_URL: broker.url } });
    await gateway.start();
    await gateway.define({ code: "PROPERTIES", topic: "properties/+", actions: [{ type: "STORE_DB" }] });
    await gateway.define({ code: "EXPIRY", topic: "expiry/+", actions: [{ type: "STORE_DB" }] });
    await eventually(
      async () => (await gateway.metric("sluice_broker_subscriptions")).get('broker="default"') === 2,
      "subscribed",
    );
  });

  after(async () => {
    if (!mosquittoProgram) return;
    await gateway.dispose();
    await broker.kill();
  });

  const eventsOf = (flow: string, type: string) => gateway.all(`/api/v1/events?flow=${flow}&type=${type}`);
  const receivedBy = (flow: string, count: number) =>
    eventually(async () => {
      const events = await eventsOf(flow, "MessageReceived");
      return events.length >= count && events.map(({ data }) => data);
    }, `${count} messages of ${flow}`);

  it("keeps every property that says something of the message, in the order in which they came", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    if (!requireService(t, "mosquitto_pub", publisher !== null)) return;
    const properties = [
      ["user-property", "unit", "°C"],
      ["user-property", "trace", "2"],
      ["user-property", "trace", "1"],
      ["user-property", "unit", "°C"],
      ["content-type", "application/json"],
      ["response-topic", "answers/here"],
      ["correlation-data", "request-17"],
      ["payload-format-indicator", "1"],
      ["message-expiry-interval", "600"],
    ];
    await promisify(execFile)(publisher as string, [
      ...["-V", "5", "-h", "127.0.0.1", "-p", `${broker.port}`, "-q", "1", "-t", "properties/a", "-m", '{"n":1}'],
      ...properties.flatMap((property) => ["-D", "publish", ...property]),
    ]);
    const device = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
    t.after(() => device.endAsync(true));
    const correlationData = Buffer.from([0, 0xff, 0xfe, 0x80]);
    await device.publishAsync("properties/b", '{"n":2}', { qos: 1, properties: { correlationData } });
    await device.publishAsync("properties/c", '{"n":3}', { qos: 1 });
    const [first, second, third] = await receivedBy("PROPERTIES", 3);
    assert.deepEqual(first.properties, {
      userProperties: [
        ["unit", "°C"],
        ["trace", "2"],
        ["trace", "1"],
        ["unit", "°C"],
      ],
      contentType: "application/json",
      responseTopic: "answers/here",
      correlationData: { encoding: "utf8", data: "request-17" },
      payloadFormatIndicator: true,
      messageExpiryInterval: 600,
    });
    const { encoding, data } = second.properties.correlationData;
    assert.deepEqual(Buffer.from(data, encoding), correlationData);
    assert.ok(!("properties" in third));
  });

  it("does not process what expires while the log takes nothing, and says so", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const device = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
    t.after(() => device.endAsync(true));
    const log = new DatabaseSync(join(gateway.dataDir, "events.db"));
    log.exec("BEGIN IMMEDIATE");
    const unacknowledged = async () =>
      (await gateway.metric("sluice_broker_unacknowledged_messages")).get('broker="default"');
    // Two are decided and wait to be appended; those after them wait to be decided.
    for (const [index, properties] of [{}, {}, { messageExpiryInterval: 1 }, { messageExpiryInterval: 60 }].entries()) {
      await device.publishAsync(`expiry/${index}`, '{"n":1}', { qos: 1, properties });
      await eventually(async () => (await unacknowledged()) === index + 1, "received");
    }
    await delay(EXPIRED_MS);
    log.exec("ROLLBACK");
    log.close();
    const received = await receivedBy("EXPIRY", 3);
    assert.deepEqual(
      received.map(({ topic }) => topic),
      ["expiry/0", "expiry/1", "expiry/3"],
    );
    const [skipped] = await eventually(async () => {
      const events = await eventsOf("EXPIRY", "MessagesSkipped");
      return events.length > 0 && events;
    }, "the skip is recorded");
    assert.deepEqual(skipped.data, { flow: "EXPIRY", reason: "expired", count: 1, topics: ["expiry/2"] });
    await eventually(async () => (await unacknowledged()) === 0, "all acknowledged, the expired one as well");
    assert.equal((await gateway.metric("sluice_flow_skipped_total")).get('flow="EXPIRY"'), 1);
  });
});
