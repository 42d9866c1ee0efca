/**
 * The yardstick of `bench ingest`: an mqtt.js subscriber that does nothing, with the session and the window that Sluice
 * asks for. Prints one line when it is subscribed, one after the messages of the warm-up, one after the `count` that follow.
 *
 * ```
 * node bare-subscriber.ts mqtt://127.0.0.1:1883 'load/#' 30000 100000 1000
 * ```
 */
import mqtt from "mqtt";

const [url, filter, warmUp, count, receiveMaximum] = process.argv.slice(2) as [string, string, string, string, string];
const marks = [Number(warmUp), Number(warmUp) + Number(count)];
let received = 0;

const client = await mqtt.connectAsync(url, {
  protocolVersion: 5,
  clean: true,
  properties: { receiveMaximum: Number(receiveMaximum) },
});
client.on("message", () => {
  received += 1;
  if (marks.includes(received)) console.log(received);
});
await client.subscribeAsync(filter, { qos: 1 });
console.log("subscribed");
