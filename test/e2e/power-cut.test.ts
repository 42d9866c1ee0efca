/** The promise: what was acknowledged is in the log, whatever is killed, and nothing takes effect twice. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { auditFlow } from "../support/audit.ts";
import { assertConservation } from "../support/conservation.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { acknowledgedIds, startLoad } from "../support/load-publisher.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";

const COUNT = 20_000;
const KILLS = 5;
const FLOW = { code: "LOAD", topic: "load/+", actions: [{ type: "STORE_DB" }] };

/** Every id that the publisher has a PUBACK for is in the log. */
const assertNothingLost = (payloads: readonly string[], acknowledged: Iterable<number>): void => {
  const recorded = new Set(payloads.map((payload) => JSON.parse(payload).id as number));
  const missing = [...acknowledged].filter((id) => !recorded.has(id));
  assert.deepEqual(missing.slice(0, 10), [], `${missing.length} acknowledged messages are missing`);
};

describe("power cuts", () => {
  it("kill -9 of the gateway, five times under load from Mosquitto", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto({ persistence: true });
    const gateway = new GatewayProcess({ env: { MQTT_URL: broker.url } });
    t.after(async () => {
      await gateway.dispose();
      await broker.stop();
    });
    await gateway.start();
    await gateway.define(FLOW);
    await eventually(async () => (await gateway.api("/health")).body.brokers[0].subscriptions === 1, "subscription");

    const load = startLoad({ url: broker.url, count: COUNT, connections: 2, rate: COUNT / 8, persist: true });
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(300 + Math.random() * 700);
      await gateway.kill();
      await gateway.start();
    }
    const result = await load.result;
    assert.equal(result.acknowledged, COUNT);
    await eventually(
      async () => ((await gateway.metric("sluice_flow_received_total")).get('flow="LOAD"') as number) >= COUNT,
      "everything arrives",
      60_000,
    );
    await gateway.caughtUp();
    const audit = auditFlow(gateway.dataDir, "LOAD");
    assertNothingLost(audit.payloads, acknowledgedIds(result));
    assert.equal(audit.rejected, 0);
    await assertConservation(gateway);
  });

  it("kill -9 of the gateway with its embedded broker, five times under load", async (t) => {
    const gateway = new GatewayProcess({ env: { EMBEDDED_BROKER_PORT: "0" } });
    t.after(() => gateway.dispose());
    await gateway.start();
    await gateway.define(FLOW);
    const acknowledged: number[] = [];
    let first = 1;
    for (let kill = 0; kill <= KILLS; kill++) {
      // The port changes with every start, so each life has a publisher of its own.
      const load = startLoad({ url: gateway.brokerUrl, count: COUNT, firstId: first, connections: 2, seconds: 20 });
      await delay(300 + Math.random() * 500);
      await gateway.kill();
      const result = await load.result;
      acknowledged.push(...acknowledgedIds(result));
      first += COUNT;
      await gateway.start();
    }
    assert.ok(acknowledged.length > 100, `only ${acknowledged.length} messages were acknowledged`);
    await gateway.caughtUp();
    assertNothingLost(auditFlow(gateway.dataDir, "LOAD").payloads, acknowledged);
    await assertConservation(gateway);
  });

  it("the broker restarted, five times under load", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto({ persistence: true });
    const gateway = new GatewayProcess({ env: { MQTT_URL: broker.url } });
    t.after(async () => {
      await gateway.dispose();
      await broker.stop();
    });
    await gateway.start();
    await gateway.define(FLOW);
    await eventually(async () => (await gateway.api("/health")).body.brokers[0].subscriptions === 1, "subscription");
    const load = startLoad({ url: broker.url, count: COUNT, connections: 2, rate: COUNT / 10, persist: true });
    for (let restart = 0; restart < KILLS; restart++) {
      await delay(300 + Math.random() * 700);
      await broker.restart();
      await eventually(async () => (await gateway.api("/health")).status === 200, "gateway is connected again", 30_000);
    }
    const result = await load.result;
    assert.equal(result.acknowledged, COUNT);
    await eventually(
      async () => ((await gateway.metric("sluice_flow_received_total")).get('flow="LOAD"') as number) >= COUNT,
      "everything arrives",
      60_000,
    );
    await gateway.caughtUp();
    assertNothingLost(auditFlow(gateway.dataDir, "LOAD").payloads, acknowledgedIds(result));
    await assertConservation(gateway);
  });
});
