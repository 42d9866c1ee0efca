/** Which gateway a command talks to, and with which token. */
import { readFileSync } from "node:fs";
import type { Configuration } from "@sluice/contracts";
import { locationsOf } from "../composition/locations.ts";
import { DEMO_DIRECTORY } from "../demo/directory.ts";
import type { RuntimeInfo } from "../system/data-directory.ts";
import { CommandError } from "./command-error.ts";
import { type LoadedOk, requireConfiguration } from "./options.ts";

export interface Connection {
  /** Without a slash at the end. */
  readonly adminUrl: string;
  readonly token: string | undefined;
  /** Null when no gateway runs in DATA_DIR. */
  readonly runtime: RuntimeInfo | null;
  readonly configuration: Configuration;
}

export type ConnectionFlags = Readonly<Record<string, unknown>> & {
  readonly url?: string;
  readonly token?: string;
};

/** What the gateway that runs in DATA_DIR says of itself; null when none does. */
export const readRuntime = (configuration: Configuration): RuntimeInfo | null => {
  try {
    const info = JSON.parse(readFileSync(locationsOf(configuration).runtime, "utf8")) as RuntimeInfo;
    return isRunning(info.pid) ? info : null;
  } catch {
    return null;
  }
};

/** A gateway that was killed leaves its file behind. */
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

export interface Settled {
  /** Of the gateway that is meant: with its DATA_DIR. */
  readonly configuration: Configuration;
  readonly runtime: RuntimeInfo | null;
}

/** Someone who names no directory and runs nothing but a demo means the demo. */
export const settle = ({ configuration, sources }: LoadedOk): Settled => {
  const runtime = readRuntime(configuration);
  if (runtime !== null || sources.dataDir !== "default") return { configuration, runtime };
  const ofDemo = { ...configuration, dataDir: DEMO_DIRECTORY };
  const demo = readRuntime(ofDemo);
  return demo === null ? { configuration, runtime } : { configuration: ofDemo, runtime: demo };
};

/** @throws CommandError on a bad configuration or URL */
export const findGateway = (flags: ConnectionFlags): Connection => {
  const loaded = requireConfiguration(flags);
  const { configuration, runtime } = settle(loaded);
  return {
    adminUrl: flags.url === undefined ? (runtime?.adminUrl ?? configuredUrl(configuration)) : checked(flags.url),
    token: flags.token ?? readToken(configuration),
    runtime,
    configuration,
  };
};

const checked = (url: string): string => {
  const parsed = URL.parse(url);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return url.replace(/\/+$/, "");
  throw new CommandError(`--url: got ${JSON.stringify(url)}; it wants an address such as http://127.0.0.1:8080`, {
    exitCode: 2,
  });
};

/** An address that listens on every interface is reached on the loopback one. */
const configuredUrl = ({ adminHost, adminPort, dataDir }: Configuration): string => {
  if (adminPort === 0) {
    throw new CommandError(`no gateway runs in ${dataDir}, and ADMIN_PORT 0 does not say where another one is`, {
      hint: "start it with `sluice start`, or name it with --url",
    });
  }
  const host = adminHost === "0.0.0.0" ? "127.0.0.1" : adminHost === "::" ? "::1" : adminHost;
  return `http://${host.includes(":") ? `[${host}]` : host}:${adminPort}`;
};

const readToken = (configuration: Configuration): string | undefined => {
  if (configuration.adminToken !== undefined) return configuration.adminToken;
  try {
    return readFileSync(locationsOf(configuration).adminToken, "utf8").trim();
  } catch {
    return undefined;
  }
};
