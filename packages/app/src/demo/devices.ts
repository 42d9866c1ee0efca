/** Simulated devices: most of what they say is good, some is not. */
import mqtt, { type MqttClient } from "mqtt";

interface Device {
  readonly name: string;
  readonly topic: string;
  /** Of the `count`th message, from 1. */
  readonly payload: (count: number) => string;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** A slow wave with some noise, in degrees. */
const temperature = (count: number, phase: number): number =>
  round(21 + 4 * Math.sin(count / 20 + phase) + Math.random() - 0.5);

const humidity = (count: number, phase: number): number =>
  round(48 + 8 * Math.cos(count / 30 + phase) + Math.random() - 0.5);

const reading = (count: number, phase: number): string =>
  JSON.stringify({ temperature: temperature(count, phase), humidity: humidity(count, phase) });

/** The fourth message of a device, and every fifteenth from there, is of a wrong type; another is no JSON. */
const withFaults = (payload: (count: number) => string) => (count: number) => {
  if (count % 15 === 4) return '{"temperature":"warm","humidity":null}';
  return count % 15 === 9 ? "ERR: sensor does not answer" : payload(count);
};

const siteReading = (phase: number) => (count: number) => {
  const heat = count % 12 === 6 ? 11 : 0;
  return JSON.stringify({
    temperature: round(temperature(count, phase) + heat),
    humidity: humidity(count, phase),
    at: new Date().toISOString(),
  });
};

const devices: readonly Device[] = [
  { name: "aht10", topic: "sensors/aht10", payload: withFaults((count) => reading(count, 0)) },
  { name: "temp-hum", topic: "sensor/temperatura_humedad", payload: withFaults((count) => reading(count, 1)) },
  { name: "aht10-http", topic: "sensors/aht10/http", payload: (count) => reading(count, 2) },
  { name: "greenhouse-1", topic: "sensors/north/greenhouse-1/data", payload: siteReading(3) },
  { name: "greenhouse-2", topic: "sensors/south/greenhouse-2/data", payload: withFaults(siteReading(4)) },
];

const INTERVAL_MS = 1_000;

export interface RunningDevices {
  readonly names: readonly string[];
  stop(): Promise<void>;
}

/** Each publishes at QoS 1 about every second, over a connection of its own. */
export const startDevices = (brokerUrl: string): RunningDevices => {
  const running = devices.map((device, index) => startDevice(device, brokerUrl, index));
  return {
    names: devices.map(({ name }) => name),
    stop: async () => {
      await Promise.all(running.map((stop) => stop()));
    },
  };
};

const startDevice = ({ name, topic, payload }: Device, brokerUrl: string, index: number): (() => Promise<void>) => {
  const client: MqttClient = mqtt.connect(brokerUrl, { clientId: `demo-${name}`, clean: true });
  // It connects again by itself.
  client.on("error", () => {});
  let count = 0;
  const speak = () => {
    if (client.connected) client.publish(topic, payload(++count), { qos: 1 }, () => {});
  };
  client.once("connect", speak);
  const timer = setInterval(speak, INTERVAL_MS + index * 50);
  return async () => {
    clearInterval(timer);
    await client.endAsync(true);
  };
};
