/** What the end-to-end tests of brokers have in common. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { eventually, type GatewayProcess } from "./gateway-process.ts";

const MAIN = join(import.meta.dirname, "../../packages/app/src/main.ts");

/** The command line's own answer. */
export const sluice = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly told: string }> => {
  const { PATH = "", HOME = "" } = process.env;
  const run = promisify(execFile)(process.execPath, [MAIN, ...args], { env: { PATH, HOME, ...env } });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, told: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, told: stdout + stderr }),
  );
};

export interface BrokerHealth {
  readonly name: string;
  readonly url: string;
  readonly connected: boolean;
  readonly protocolVersion: number | null;
  readonly lastError: string | null;
}

export const brokersOf = async (gateway: GatewayProcess): Promise<BrokerHealth[]> =>
  (await gateway.api("/health")).body.brokers;

export const reasonsOf = async (gateway: GatewayProcess, code: string): Promise<string[]> =>
  (await gateway.api("/health")).body.reasons
    .filter((reason: { code: string }) => reason.code === code)
    .map((reason: { message: string }) => reason.message);

export const allConnected = (gateway: GatewayProcess, names: readonly string[]) =>
  eventually(
    async () => {
      const brokers = await brokersOf(gateway);
      const connected = brokers.filter(({ connected }) => connected).map(({ name }) => name);
      return brokers.length === names.length && names.every((name) => connected.includes(name));
    },
    `connected: ${names.join(", ")}`,
  );

/** Where each message of the flow came from, oldest first. */
export const originsOf = async (gateway: GatewayProcess, flow: string): Promise<string[]> =>
  (await gateway.all(`/api/v1/events?flow=${flow}&type=MessageReceived`)).map(({ data }) => data.broker);

export const receives = (gateway: GatewayProcess, flow: string, count: number) =>
  eventually(async () => (await originsOf(gateway, flow)).length >= count, `${count} messages of ${flow}`);

export const storingFlow = (code: string, broker: string) => ({
  code,
  broker,
  topic: "readings/+",
  actions: [{ type: "STORE_DB" }],
});

export const deviceAt = async (t: TestContext | null, url: string, user?: readonly [string, string]) => {
  const credentials = user === undefined ? {} : { username: user[0], password: user[1] };
  const device = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 50, ...credentials });
  t?.after(() => device.endAsync(true));
  return device;
};
