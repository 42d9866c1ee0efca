/** Which gateway a command talks to, and with which token. */
import { readFileSync } from "node:fs";
import type { Configuration } from "@sluice/contracts";
import { locationsOf } from "../composition/locations.ts";
import type { RuntimeInfo } from "../system/data-directory.ts";
import { CommandError } from "./command-error.ts";
import { type LoadedOk, requireConfiguration } from "./options.ts";

export interface Connection {
  /** Without a slash at the end. */
  readonly adminUrl: string;
  readonly token: string | undefined;
  /** Null when no gateway runs in DATA_DIR. */
  readonly runtime: RuntimeInfo | null;
  readonly loaded: LoadedOk;
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

/** @throws CommandError on a bad configuration or URL */
export const findGateway = (flags: ConnectionFlags): Connection => {
  const loaded = requireConfiguration(flags);
  const runtime = readRuntime(loaded.configuration);
  return {
    adminUrl: flags.url === undefined ? (runtime?.adminUrl ?? configuredUrl(loaded.configuration)) : checked(flags.url),
    token: flags.token ?? readToken(loaded.configuration),
    runtime,
    loaded,
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
