/** The flows that nearly took a message, as they were when it came. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { MessageStory } from "@sluice/contracts";
import { AdminFixture } from "./support/admin-fixture.ts";

describe("near misses in a message's story", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
    await api.define("TAKES", "n/{site}/data");
    await api.define("LEVEL", "n/hall/date");
    await api.define("LENGTH", "n/hall/data/raw");
    await api.define("FORMAT", "n/{id:int}/data");
    await api.define("OFF", "n/+/data", { enabled: false });
    await api.define("GONE", "n/#");
    await api.call("/api/v1/flows/GONE", { method: "DELETE" });
    await api.define("BROKER", "n/#", { broker: "elsewhere" });
    await api.define("FAR", "x/y/z");
    api.ahead += 1_000;
  });
  after(() => api.stop());

  const publish = async (payload = '{"n":1}', topic = "n/hall/data"): Promise<string> =>
    (await api.publish(topic, payload))[0] as string;
  const story = async (id: string): Promise<MessageStory> => (await api.call(`/api/v1/messages/${id}`)).body;
  const misses = async (id: string) => {
    const { nearMisses } = await story(id);
    return Object.fromEntries(nearMisses.map(({ flow, reason, level }) => [flow, level === null ? reason : level]));
  };
  const expected = {
    OFF: "disabled",
    GONE: "retired",
    BROKER: "broker",
    LEVEL: 3,
    FORMAT: 2,
    LENGTH: "length",
  };

  it("say what each lacked", async () => {
    const id = await publish();
    assert.deepEqual(await misses(id), expected);
    const { nearMisses, nearMissCount } = await story(id);
    assert.equal(nearMissCount, 6);
    assert.deepEqual(
      nearMisses.map(({ flow }) => flow),
      ["OFF", "GONE", "BROKER", "LEVEL", "FORMAT", "LENGTH"],
    );
    assert.equal(nearMisses[3]?.detail, 'level 3 is "data", and the filter wants "date"');
    assert.equal(nearMisses[4]?.detail, 'level 2 is "hall", and the filter wants "{id:int}"');
  });

  it("stay as they were when the message came, whatever is done to the flows", async () => {
    const id = await publish();
    api.ahead += 1_000;
    await api.call("/api/v1/flows/OFF/enable", { method: "POST" });
    await api.call("/api/v1/flows/LEVEL", {
      method: "PUT",
      body: { code: "LEVEL", topic: "n/hall/data", actions: [{ type: "STORE_DB" }] },
    });
    await api.define("LATER", "n/+/date");
    await api.define("GONE", "other/#");
    assert.deepEqual(await misses(id), expected);
    api.ahead += 1_000;
    const { OFF: _, GONE: __, LEVEL: ___, ...rest } = expected;
    assert.deepEqual(await misses(await publish()), { ...rest, LATER: 3 });
    // More flows changed since than are read one by one.
    for (let n = 0; n < 60; n++) await api.define(`MORE${n}`, "far/away/from/it");
    assert.deepEqual(await misses(id), expected);
  });

  it("name a flow that left the message out", async () => {
    await api.define("KEPT", "kept/a");
    await api.define("ALSO", "kept/+");
    const send = (payload: string) =>
      api.pipeline.ingest(
        [
          {
            topic: "kept/a",
            payload: new TextEncoder().encode(payload),
            qos: 1,
            retain: true,
            dup: false,
            receivedAt: api.clock.now(),
          },
        ],
        { source: "mqtt", broker: "default" },
      );
    await send("1");
    await api.define("NEW", "kept/#");
    const [id] = (await send("1")).messageIds;
    const { nearMisses } = await story(id as string);
    assert.deepEqual(
      nearMisses.map(({ flow, reason, detail }) => [flow, reason, detail]),
      ["ALSO", "KEPT"].map((flow) => [flow, "skipped", "skipped: the flow had this retained message already"]),
    );
  });

  it("are the nearest 20 where every device has a flow of its own", async () => {
    for (let n = 0; n < 30; n++) await api.define(`DEVICE${n}`, `devices/sensor-${n}/data`);
    await api.define("ANY", "devices/+/data");
    const told = await story(await publish("1", "devices/Sensor-7x/data"));
    assert.equal(told.nearMisses.length, 20);
    // With n/{site}/data and n/+/data, whose first level differs.
    assert.equal(told.nearMissCount, 32);
    assert.equal(told.nearMisses[0]?.flow, "DEVICE7");
  });

  it("come with where everything is, the definition that decided, and its size", async () => {
    const told = await story(await publish('{"t":"é"}', "n/7/data"));
    assert.deepEqual(told.stores.rows, { database: "sqlite:projection.db", table: "data" });
    assert.equal(told.payloadBytes, 10);
    const [flow] = told.flows;
    assert.deepEqual([flow?.topic, flow?.definition?.code], ["n/{site}/data", flow?.flow]);
    assert.deepEqual(
      told.pending,
      told.flows.map(({ flow: code }) => ({ flow: code, action: "STORE_DB", nextAttemptAt: null })),
    );
  });
});
