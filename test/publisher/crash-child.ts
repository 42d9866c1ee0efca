/** Publishes numbers at QoS 2 until it is killed; a line on stdout for every number that is on disk. See crash.test.ts. */
import { writeSync } from "node:fs";
import { MqttMessagePublisher } from "@sluice/adapter-mqtt";
import { SqliteInFlightStore, SqliteOfflineQueue } from "@sluice/adapter-sqlite";

const [, , url = "", path = "", version = "5", first = "0"] = process.argv;
const queue = new SqliteOfflineQueue({ path, capacity: 100_000, durability: "newcomers" });
const inFlight = new SqliteInFlightStore({ path });
await queue.start();
await inFlight.start();
let number = Number(first);
const publisher = new MqttMessagePublisher({
  url,
  clientId: "killed",
  protocolVersion: version === "4" ? 4 : 5,
  backoff: { initialSeconds: 0.01, maximumSeconds: 0.02 },
  queue,
  inFlight,
  clock: { now: Date.now },
  ids: { next: () => `number ${number}` },
});
await publisher.start();
for (; ; number++) {
  const { state } = await publisher.publish({ topic: "killed", payload: Buffer.from(String(number)), qos: 2 });
  if (state === "queued") writeSync(1, `${number}\n`);
}
