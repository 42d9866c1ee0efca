/**
 * The other side of `bench source`: an `MqttMessageSource` whose batches are acknowledged at once. Takes the arguments of
 * `bare-subscriber.ts` and prints the same lines.
 */
import { MqttMessageSource } from "@sluice/adapter-mqtt";

const [url, filter, warmUp, count, receiveMaximum] = process.argv.slice(2) as [string, string, string, string, string];
const marks = [Number(warmUp), Number(warmUp) + Number(count)];
let received = 0;

const source = new MqttMessageSource({
  url,
  clientId: `bench-source-${process.pid}`,
  receiveMaximum: Number(receiveMaximum),
  sessionExpirySeconds: 0,
});
await source.subscribe([{ filter, qos: 1 }]);
await source.start();
const poll = setInterval(() => {
  if (source.status().subscriptions === 0) return;
  clearInterval(poll);
  console.log("subscribed");
}, 5);
for await (const batch of source.receive()) {
  batch.ack();
  const before = received;
  received += batch.messages.length;
  for (const mark of marks) if (before < mark && received >= mark) console.log(received);
}
