/** The broker as the command line uses it: one short connection. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Configuration } from "@sluice/contracts";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { redactUrl } from "../config/redact.ts";
import { CommandError } from "./command-error.ts";
import type { Settled } from "./connection.ts";

/** @throws CommandError when there is neither MQTT_URL nor a running gateway with an embedded broker */
export const brokerUrlOf = ({ configuration, runtime }: Settled): string => {
  const url = configuration.mqttUrl ?? runtime?.brokerUrl;
  if (url !== undefined) return url;
  throw new CommandError(`there is no broker: MQTT_URL is not set and no gateway runs in ${configuration.dataDir}`, {
    hint: "start a gateway with `sluice start`, name its --data-dir, or name a broker with --mqtt-url",
  });
};

/** Every broker speaks MQTT 3.1.1. */
const PROTOCOL_VERSION = 4;

/**
 * Resolves with the CONNACK. The client does not reconnect.
 * @throws CommandError after `timeoutMs`, or when the broker cannot be reached or refuses
 */
export const connectToBroker = async (
  url: string,
  configuration: Configuration,
  purpose: string,
  timeoutMs: number,
): Promise<MqttClient> => {
  const { address, username, password } = splitUrl(url);
  const client = mqtt.connect(address, {
    ...optionsOf(configuration, purpose, timeoutMs),
    ...credentials(configuration.mqttUsername ?? username, configuration.mqttPassword ?? password),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.once("connect", () => resolve());
  // MQTT.js reports a timeout and a connection that is closed without a word by closing alone.
  client.once("close", () => setImmediate(reject, new Error("it was closed, or nothing was answered in time")));
  client.on("error", reject);
  try {
    await promise;
    return client;
  } catch (error) {
    client.end(true);
    throw new CommandError(`no connection to the broker at ${redactUrl(url)}: ${reasonOf(error)}`, {
      hint: "`sluice doctor` checks the broker step by step",
      cause: error,
    });
  }
};

/** Credentials in a URL are percent-encoded, and MQTT.js would cut them at the first colon. */
const splitUrl = (text: string): { address: string; username: string | undefined; password: string | undefined } => {
  const url = new URL(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  return {
    address: url.href,
    username: username === "" ? undefined : decodeURIComponent(username),
    password: password === "" ? undefined : decodeURIComponent(password),
  };
};

const credentials = (username: string | undefined, password: string | undefined): IClientOptions => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
});

const optionsOf = (configuration: Configuration, purpose: string, timeoutMs: number): IClientOptions => {
  const { mqttCaCerts, mqttCertfile, mqttKeyfile } = configuration;
  const pem = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  const [ca, cert, key] = [pem(mqttCaCerts), pem(mqttCertfile), pem(mqttKeyfile)];
  return {
    clientId: `sluice-${purpose}-${randomBytes(4).toString("hex")}`,
    clean: true,
    protocolVersion: PROTOCOL_VERSION,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};

/** An attempt over several addresses fails with an empty message and the reasons inside. */
const reasonOf = (error: unknown): string => {
  const { code, message, errors } = error as Error & { code?: unknown; errors?: readonly Error[] };
  if (code === "ECONNREFUSED") return "nothing listens there";
  return message || errors?.[0]?.message || String(code);
};
