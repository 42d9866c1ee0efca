/** The broker as the command line uses it: one short connection. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Configuration } from "@sluice/contracts";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { redactUrl } from "../config/redact.ts";
import { CommandError } from "./command-error.ts";
import { readRuntime } from "./connection.ts";

/** @throws CommandError when there is neither MQTT_URL nor a running gateway with an embedded broker */
export const brokerUrlOf = (configuration: Configuration): string => {
  const url = configuration.mqttUrl ?? readRuntime(configuration)?.brokerUrl;
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
  const client = mqtt.connect(url, optionsOf(configuration, purpose, timeoutMs));
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

const optionsOf = (configuration: Configuration, purpose: string, timeoutMs: number): IClientOptions => {
  const { mqttUsername, mqttPassword, mqttCaCerts, mqttCertfile, mqttKeyfile } = configuration;
  const pem = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  const [ca, cert, key] = [pem(mqttCaCerts), pem(mqttCertfile), pem(mqttKeyfile)];
  return {
    clientId: `sluice-${purpose}-${randomBytes(4).toString("hex")}`,
    clean: true,
    protocolVersion: PROTOCOL_VERSION,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
    ...(mqttUsername === undefined ? {} : { username: mqttUsername }),
    ...(mqttPassword === undefined ? {} : { password: mqttPassword }),
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
