/** Checks of the broker: the address, then the login. */
import { connect } from "node:net";
import type { Configuration } from "@sluice/contracts";
import { redactUrl } from "../../config/redact.ts";
import { connectToBroker } from "../broker.ts";
import { readRuntime } from "../connection.ts";
import { type Finding, fail, ok } from "./finding.ts";

const TIMEOUT_MS = 5_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883, "ws:": 80, "wss:": 443 };

export const checkBroker = async (configuration: Configuration): Promise<readonly Finding[]> => {
  const runtime = readRuntime(configuration);
  if (configuration.mqttUrl === undefined && runtime?.brokersOfTable === true) {
    return [ok("broker", "those in mqtt_servers: the running gateway tells of each")];
  }
  const url = configuration.mqttUrl ?? runtime?.brokerUrl;
  if (url === undefined) return [ok("broker", "the embedded one, which runs when the gateway does")];
  const address = await checkAddress(new URL(url));
  return address.status === "ok" ? [address, await checkLogin(url, configuration)] : [address];
};

const checkAddress = async (url: URL): Promise<Finding> => {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 1883);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => resolve(`no answer within ${TIMEOUT_MS / 1_000} s`));
  socket.once("connect", () => resolve(null));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.message || String(error.code)));
  const fault = await promise;
  socket.destroy();
  const where = `${host}:${port}`;
  if (fault === null) return ok("broker address", `${where} can be reached`);
  return fail("broker address", `${where} cannot be reached: ${fault}`, "is the broker running, and MQTT_URL right?");
};

const checkLogin = async (url: string, configuration: Configuration): Promise<Finding> => {
  try {
    const client = await connectToBroker(url, configuration, "doctor", TIMEOUT_MS);
    await client.endAsync();
    return ok("broker login", `${redactUrl(url)} lets us in`);
  } catch (error) {
    const hint = "check MQTT_USERNAME and MQTT_PASSWORD, and for TLS MQTT_CA_CERTS and the certificate's name";
    return fail("broker login", (error as Error).message, hint);
  }
};
