/** While the consumer does not keep up: the connection stays, and QoS 0 is held back as well. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MqttMessageSource } from "@sluice/adapter-mqtt";
import { Consumer, connectDevice, ready, until } from "../conformance/message-source-support.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";

describe("a full window", () => {
  it("keeps the connection alive though nothing is read for longer than the keep-alive", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto();
    const source = new MqttMessageSource({
      url: broker.url,
      clientId: "held",
      windowMessages: 10,
      keepaliveSeconds: 1,
    });
    const device = await connectDevice(broker.url);
    t.after(async () => {
      await device.endAsync(true);
      await source.stop();
      await broker.stop();
    });
    await ready(source, ["#"], 0);
    const consumer = new Consumer(source, false);
    for (let index = 0; index < 100; index++) await device.publishAsync("a", `${index}`);
    await until("full", () => source.status().unacknowledged === 10);
    await delay(3_200);
    assert.equal(source.status().unacknowledged, 10);
    assert.deepEqual(
      { ...source.status(), refused: 0 },
      { ...source.status(), refused: 0, connected: true, connects: 1 },
    );
    consumer.acknowledgeAll();
    await consumer.received(100);
    assert.deepEqual(
      consumer.texts,
      Array.from({ length: 100 }, (_, index) => `${index}`),
    );
    await delay(1_700);
    assert.equal(source.status().connects, 1);
  });
});
