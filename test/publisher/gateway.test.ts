/** Publishing through a running gateway: POST /api/v1/publish, its statistics, and what survives a kill. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { Subscriber } from "./support.ts";

const publish = (gateway: GatewayProcess, body: Record<string, unknown>) => gateway.api("/api/v1/publish", { body });

describe("POST /api/v1/publish", () => {
  it("queues while the broker is away, over a kill, and delivers each once when it is back", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto();
    t.after(() => broker.stop());
    const link = await TcpLink.open(() => broker.port);
    t.after(() => link.close());
    const gateway = new GatewayProcess({ env: { MQTT_URL: link.url, PUBLISH_QUEUE_CAPACITY: "10" } });
    t.after(() => gateway.dispose());
    const subscriber = await Subscriber.open(t, broker.url, "commands/#");
    await gateway.start();

    const now = await publish(gateway, { topic: "commands/1", payload: "now", qos: 2, wait: true });
    assert.deepEqual([now.status, now.body.state, now.body.broker], [200, "acknowledged", "default"]);
    await subscriber.has(1);
    assert.match(
      JSON.stringify((await gateway.api("/api/v1/publish")).body.publishers),
      /"clientId":"mqtt-gateway-publisher"/,
    );

    link.interrupt();
    await eventually(async () => !(await gateway.api("/api/v1/publish")).body.publishers[0].connected, "disconnected");
    for (const n of [1, 2, 3, 4, 5]) {
      const { status, body } = await publish(gateway, { topic: "commands/1", payloadBase64: btoa(`${n}`), qos: 2 });
      assert.deepEqual([status, body.state], [202, "queued"]);
    }
    const waited = await publish(gateway, {
      topic: "commands/1",
      payload: "low",
      priority: 1,
      wait: true,
      timeoutSeconds: 0.1,
    });
    assert.deepEqual([waited.status, waited.body.state], [202, "queued"], "the time is over, the message is kept");

    for (const n of [6, 7])
      assert.equal((await publish(gateway, { topic: "commands/1", payload: `${n}`, qos: 2 })).status, 202);
    const { body: health } = await gateway.api("/health");
    assert.deepEqual(health.statistics.offline_queue.by_priority, { 1: 1, 5: 7 });
    assert.equal(health.statistics.offline_queue.capacity_used_percent, 80);
    assert.ok(health.reasons.some(({ code }: { code: string }) => code === "publish-queue-filling"));

    for (const n of [8, 9])
      assert.equal((await publish(gateway, { topic: "commands/1", payload: `${n}`, qos: 2 })).status, 202);
    // The lowest priority makes room once; then there is none.
    assert.equal((await publish(gateway, { topic: "commands/1", payload: "10", qos: 2 })).status, 202);
    const refused = await publish(gateway, { topic: "commands/1", payload: "11", qos: 2 });
    assert.deepEqual([refused.status, refused.body.code], [503, "publish-queue-full"]);
    await eventually(
      () => /publish evicted/.test(gateway.output) && /publish refused/.test(gateway.output),
      "it is logged",
    );
    assert.equal(
      (await gateway.metric("sluice_publisher_lost_messages_total")).get('broker="default",loss="evicted"'),
      1,
    );

    await gateway.kill();
    link.restore();
    await gateway.start();
    await subscriber.has(11);
    await eventually(async () => (await gateway.api("/api/v1/publish")).body.queue.total === 0, "all is sent");
    await subscriber.settled();
    assert.deepEqual(subscriber.texts, ["now", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    const lost = await gateway.metric("sluice_publisher_lost_messages_total");
    assert.equal(lost.get('broker="default",loss="refused"'), 1, "counted over the restart");
  });

  it("publishes to the embedded broker, and so into flows", async (t) => {
    const gateway = new GatewayProcess();
    t.after(() => gateway.dispose());
    await gateway.start();
    await gateway.define({ code: "OWN", topic: "own/#", actions: [{ type: "STORE_DB" }] });
    for (const qos of [0, 1, 2]) {
      const { status } = await publish(gateway, { topic: `own/${qos}`, payload: `{"value":${qos}}`, qos, wait: true });
      assert.equal(status, 200);
    }
    await eventually(
      async () => (await gateway.api("/api/v1/flows/OWN")).body.counters.received === 3,
      "all three are received",
    );
  });

  it("answers what cannot be published with every error", async (t) => {
    const gateway = new GatewayProcess();
    t.after(() => gateway.dispose());
    await gateway.start();
    const table: readonly [Record<string, unknown>, string][] = [
      [{ topic: "a/#", payload: "x" }, "/topic"],
      [{ topic: "", payload: "x" }, "/topic"],
      [{ topic: "a", payload: "x", payloadBase64: "eA==" }, "/payloadBase64"],
      [{ topic: "a", payloadBase64: "no base64" }, "/payloadBase64"],
      [{ topic: "a", qos: 3 }, "/qos"],
      [{ topic: "a", priority: 0 }, "/priority"],
      [{ topic: "a", broker: "nobody" }, "/broker"],
      [{ topic: "a", properties: { responseTopic: "b/+" } }, "/properties/responseTopic"],
      [{ topic: "a", properties: { messageExpiryInterval: -1 } }, "/properties/messageExpiryInterval"],
    ];
    for (const [body, pointer] of table) {
      const answer = await publish(gateway, body);
      assert.deepEqual([answer.status, answer.body.code], [422, "invalid-query"], JSON.stringify(body));
      assert.ok(
        answer.body.errors.some((error: { pointer: string }) => error.pointer === pointer),
        JSON.stringify(answer.body.errors),
      );
    }
    assert.equal((await gateway.api("/api/v1/publish")).body.queue.total, 0);
  });
});
