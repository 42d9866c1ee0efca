/**
 * Publishes every line of standard input to a topic, and ends with the input. Stop the broker meanwhile, or kill this
 * program and start it again: what it has said is queued arrives.
 *
 *   MQTT_CLIENT_ID=device-1 MQTT_BROKER_HOST=localhost node src/main.ts sensors/1/temperature < readings.txt
 *
 * The settings come from MQTT_… variables, or with SETTINGS from a file: JSON, or lines of key=value.
 */
import { createInterface } from "node:readline";
import { BadPublisherSettings, openPublisher, PublisherSettings } from "@sluice/app/publisher";

const readSettings = (): PublisherSettings => {
  const file = process.env.SETTINGS;
  return file === undefined ? PublisherSettings.fromEnvironment() : PublisherSettings.fromFile(file);
};

const main = async (topic = "demo/temperature"): Promise<void> => {
  const settings = readSettings();
  for (const warning of settings.warnings) console.error(`warning: ${warning}`);
  const publisher = await openPublisher(settings, {
    onLost: ({ loss, id, reason }) => console.error(`${loss}: ${id}, ${reason}`),
  });
  const onSignal = () => void publisher.stop().then(() => process.exit(0));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);

  for await (const line of createInterface({ input: process.stdin })) {
    const { id, state, outcome } = await publisher.publish({ topic, payload: Buffer.from(line), qos: 2 });
    // Once this is printed the line survives a power failure.
    console.log(`${state} ${line}`);
    void outcome.then((end) => {
      if (end.state === "acknowledged") console.log(`acknowledged ${line} (${id})`);
    });
  }
  const { connected, waiting, inFlight } = await publisher.status();
  console.error(`end of input: connected ${connected}, ${waiting} waiting, ${inFlight} in flight`);
  await publisher.stop();
};

try {
  await main(process.argv[2]);
} catch (error) {
  if (!(error instanceof BadPublisherSettings)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
