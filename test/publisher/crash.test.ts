/** Exactly once at QoS 2, whatever ends: the connection, the process, the broker. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";
import { TcpLink } from "../support/tcp-link.ts";
import {
  isIdle,
  makeDirectory,
  message,
  openPublisher,
  protocolVersions,
  Subscriber,
  until,
  versionName,
} from "./support.ts";

const KILLS = 5;

/** @returns the numbers that it said were on disk */
const publishUntilKilled = async (args: readonly string[]): Promise<number[]> => {
  const script = join(import.meta.dirname, "crash-child.ts");
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const numbers: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (numbers.length === 0) setTimeout(() => child.kill("SIGKILL"), Math.random() * 150);
    numbers.push(Number(line));
  }
  const [, signal] = await exit;
  assert.equal(signal, "SIGKILL", "the child ended by the kill and not by itself");
  return numbers;
};

for (const protocolVersion of protocolVersions) {
  describe(`exactly once over ${versionName(protocolVersion)}`, () => {
    it("across lost connections, in order", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const broker = await startMosquitto();
      t.after(() => broker.stop());
      const link = await TcpLink.open(() => broker.port);
      t.after(() => link.close());
      const subscriber = await Subscriber.open(t, broker.url, "cut");
      const { publisher } = await openPublisher(t, {
        url: link.url,
        directory: await makeDirectory(t),
        protocolVersion,
        capacity: 10_000,
        maximumInFlight: 10,
      });
      const count = 1_500;
      const expected = Array.from({ length: count }, (_, index) => String(index));
      const publishing = Promise.all(expected.map((text) => publisher.publish(message("cut", text, { qos: 2 }))));
      for (let cut = 0; cut < 20 && subscriber.packets.length < count; cut++) {
        await delay(Math.random() * 30);
        link.cut();
      }
      await publishing;
      await isIdle(publisher);
      await subscriber.settled();
      assert.ok((await publisher.status()).connects > 3);
      assert.deepEqual(subscriber.texts, expected);
    });

    it("across kills of the publishing process", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const broker = await startMosquitto();
      t.after(() => broker.stop());
      const subscriber = await Subscriber.open(t, broker.url, "killed");
      const directory = await makeDirectory(t);
      const path = join(directory, "publish.db");
      const stored: number[] = [];
      let next = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        stored.push(...(await publishUntilKilled([broker.url, path, String(protocolVersion), String(next)])));
        // It may have been killed after one more was stored and before it said so.
        next = (stored.at(-1) as number) + 2;
      }
      const { publisher } = await openPublisher(t, { url: broker.url, directory, clientId: "killed", protocolVersion });
      await isIdle(publisher);
      await subscriber.settled();
      const arrived = subscriber.texts.map(Number);
      assert.equal(new Set(arrived).size, arrived.length, "nothing came twice");
      assert.deepEqual(
        stored.filter((number) => !arrived.includes(number)),
        [],
        "nothing that was on disk is missing",
      );
      assert.deepEqual(
        arrived,
        arrived.toSorted((one, other) => one - other),
      );
      assert.ok(arrived.length - stored.length <= KILLS);
    });

    it("across restarts of a broker that keeps sessions", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const broker = await startMosquitto({ persistence: true, config: ["allow_anonymous true"] });
      t.after(() => broker.stop());
      const { publisher } = await openPublisher(t, {
        url: broker.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      // The subscriber's session holds what comes; it is read at the end.
      const session = {
        clientId: "reader",
        clean: false,
        protocolVersion: 4,
        reconnectPeriod: 0,
      } as const;
      const first = await Subscriber.open(t, broker.url, "restarts", session);
      await first.client.endAsync();
      for (let number = 0; number < 60; number++) {
        await publisher.publish(message("restarts", String(number), { qos: 2 }));
        if (number % 20 === 10) await broker.restart();
      }
      await isIdle(publisher);
      const reader = await Subscriber.open(t, broker.url, "restarts", session);
      await reader.settled();
      assert.deepEqual(
        reader.texts,
        Array.from({ length: 60 }, (_, index) => String(index)),
      );
    });

    it("or at least once, when the broker is killed and its memory with it", async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const broker = await startMosquitto();
      t.after(() => broker.stop());
      const { publisher } = await openPublisher(t, {
        url: broker.url,
        directory: await makeDirectory(t),
        protocolVersion,
      });
      await until("connected", async () => (await publisher.status()).connected);
      await broker.kill();
      await until("noticed", async () => !(await publisher.status()).connected);
      const texts = ["1", "2", "3", "4", "5"];
      for (const text of texts) await publisher.publish(message("killed broker", text, { qos: 2 }));
      await publisher.disconnect();
      await broker.start();
      const subscriber = await Subscriber.open(t, broker.url, "killed broker");
      publisher.connect();
      await isIdle(publisher);
      await subscriber.settled();
      assert.deepEqual(subscriber.texts, texts);
    });
  });
}
