/** A connection that is found lost when something is written to it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { SqliteInFlightStore, SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import { InFlightWindow } from "../../packages/adapters/mqtt/src/in-flight-window.ts";
import { PublishDrain } from "../../packages/adapters/mqtt/src/publish-drain.ts";
import { PublishLedger } from "../../packages/adapters/mqtt/src/publish-ledger.ts";
import { encodeRecord } from "../../packages/adapters/mqtt/src/publish-record.ts";
import { type Line, PublishSender } from "../../packages/adapters/mqtt/src/publish-sender.ts";
import { resolvePublisherConfig } from "../../packages/adapters/mqtt/src/publisher-config.ts";
import { makeDirectory } from "./support.ts";

const limits = {
  protocolVersion: 5,
  receiveMaximum: 10,
  maximumPacketBytes: Number.POSITIVE_INFINITY,
  maximumQos: 2,
  retainAvailable: true,
} as const;

const setUp = async (t: TestContext) => {
  const path = join(await makeDirectory(t), "publish.db");
  const queue = new SqliteOfflineQueue({ path, capacity: 10, durability: "newcomers" });
  const inFlight = new SqliteInFlightStore({ path });
  await queue.start();
  await inFlight.start();
  t.after(async () => {
    await inFlight.stop();
    await queue.stop();
  });
  const clock = { now: Date.now };
  const ids = { next: () => "id" };
  const config = resolvePublisherConfig({ url: "mqtt://127.0.0.1:1", clientId: "x", queue, inFlight, clock, ids });
  const window = new InFlightWindow();
  const ledger = new PublishLedger("default", () => {});
  const drain = new PublishDrain(config, window, ledger);
  const sender = new PublishSender(config, window, drain, ledger);
  const written: Buffer[] = [];
  let alive = true;
  const line: Line = {
    limits,
    sessionPresent: true,
    send: (packets) => {
      if (!alive) return null;
      written.push(packets);
      return true;
    },
  };
  const connect = async () => {
    alive = true;
    sender.line = line;
    await sender.sendAll(line);
  };
  const message = { topic: "a", payload: Buffer.from("x"), qos: 0, retain: false } as const;
  const item = { id: "0", group: "default", priority: 5, payload: encodeRecord(message), enqueuedAt: 0 };
  return {
    queue,
    sender,
    drain,
    ledger,
    written,
    line,
    connect,
    item,
    newcomer: { item, message, resolve: () => assert.fail("it was not sent"), reject: () => {} },
    lose: () => {
      alive = false;
    },
  };
};

describe("a connection that is lost unnoticed", () => {
  it("leaves QoS 0 that would go straight out to the queue", async (t) => {
    const { sender, connect, lose, newcomer, written } = await setUp(t);
    await connect();
    lose();
    assert.deepEqual(sender.sendDirectly([newcomer]), [newcomer]);
    assert.deepEqual(written, []);
  });

  it("puts QoS 0 back that had left the queue for it, and it goes out with the next", async (t) => {
    const { queue, sender, drain, ledger, connect, lose, item, line, written } = await setUp(t);
    await connect();
    lose();
    const outcome = ledger.open(item.id);
    await queue.commit({ enqueue: [item] });
    drain.refilled();
    // The loss is noticed after the write.
    const send = line.send.bind(line);
    Object.assign(line, {
      send: (packets: Buffer) => {
        const taken = send(packets);
        sender.line = null;
        return taken;
      },
    });
    await sender.sendAll(line);
    assert.equal((await queue.statistics()).total, 1);
    assert.equal(ledger.sent, 0);
    Object.assign(line, { send });
    await connect();
    assert.equal(written.length, 1);
    assert.deepEqual(await outcome, { state: "sent" });
    assert.equal((await queue.statistics()).total, 0);
  });
});
