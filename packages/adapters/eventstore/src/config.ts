/** What the store connects with, and the connection string's checks. */
import { isIP } from "node:net";

export interface EventStoreDbOptions {
  /**
   * `esdb://user:password@host:2113?tls=true`, `esdb+discover://` for a cluster found by name, several hosts for one
   * found by gossip; `kurrentdb://`, `kurrent://` and `kdb://` mean the same as `esdb://`. The parameters are the
   * client's (`tls`, `tlsCAFile`, `userCertFile`, `userKeyFile`, `nodePreference`, `maxDiscoverAttempts`,
   * `discoveryInterval`, `gossipTimeout`, `keepAliveInterval`, `keepAliveTimeout`, `connectionName`), and the store's own
   * `streamPrefix` and `maxAppendSize`, for the options below.
   *
   * TLS unless `tls=false`, and credentials are sent over TLS only. With TLS the hosts must have names, also where gossip
   * tells them (AdvertiseHostToClientAs): the client would send the address as the TLS server name, which must not be
   * one (RFC 6066, section 3).
   *
   * The user must have the right to read `$all`, which a secured server gives to administrators alone unless its `$acl`
   * says otherwise, and to read and write the store's streams.
   */
  readonly url: string;
  /**
   * What the names of the streams begin with on the server, where other applications may have streams, too; when absent
   * what the connection string says, or else `sluice.`. Letters, digits, `_`, `.` and `-`; the first is a letter.
   */
  readonly streamPrefix?: string;
  /** Milliseconds after which a call is given up; 10,000 when absent. */
  readonly deadlineMs?: number;
  /**
   * Milliseconds after which an append that has no answer is sent again, with the same ids, within the deadline; 2,000
   * when absent.
   */
  readonly resendMs?: number;
  /**
   * The server's MaxAppendSize, in bytes: a larger append is refused before it is sent. When absent what the connection
   * string says, or else 1 MiB.
   */
  readonly maxAppendBytes?: number;
  /**
   * Milliseconds without an event after which a subscriber asks where the log ends, to move on over events that its
   * filter passes over; 500 when absent. Up to four times as many while nothing comes.
   */
  readonly idleCheckMs?: number;
}

export const defaults = {
  streamPrefix: "sluice.",
  deadlineMs: 10_000,
  resendMs: 2_000,
  maxAppendBytes: 1024 * 1024,
  idleCheckMs: 500,
} as const;

export type Settings = Required<EventStoreDbOptions>;

/**
 * The database cannot be used with these settings, and trying again will not help. The message never holds the
 * connection string, in which there may be a password.
 */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}

const PREFIX = /^[A-Za-z][\w.-]{0,99}$/;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws UnusableDatabase */
export const settingsOf = (options: EventStoreDbOptions): Settings => {
  const settings: Settings = { ...defaults, ...options, ...checkedUrl(options) };
  if (!PREFIX.test(settings.streamPrefix)) {
    throw new UnusableDatabase(`not a prefix for stream names: ${JSON.stringify(settings.streamPrefix)}`);
  }
  for (const name of ["deadlineMs", "resendMs", "maxAppendBytes", "idleCheckMs"] as const) {
    const value = settings[name];
    if (!Number.isSafeInteger(value) || value < 1 || value > MAX_TIMEOUT_MS) {
      throw new UnusableDatabase(`${name} must be a whole number from 1 to ${MAX_TIMEOUT_MS}, not ${value}`);
    }
  }
  return settings;
};

const SCHEME = /^(?:esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\//;

/** As the client compares them: without case, `_` and `-`. */
const PARAMETERS = new Set([
  "connectionname",
  "defaultdeadline",
  "discoveryinterval",
  "gossiptimeout",
  "keepaliveinterval",
  "keepalivetimeout",
  "maxdiscoverattempts",
  "nodepreference",
  "tls",
  "tlscafile",
  "usercertfile",
  "userkeyfile",
]);

/**
 * The connection string with the scheme that the client knows. The client would write a string with a parameter that it
 * does not know, or with `tlsVerifyCert=false`, to the console, password and all; and with `throwOnAppendFailure=false`
 * a refused append would look like one that went well.
 */
const checkedUrl = ({
  url,
  streamPrefix,
  maxAppendBytes,
}: EventStoreDbOptions): Pick<Settings, "url" | "streamPrefix" | "maxAppendBytes"> => {
  const scheme = SCHEME.exec(url);
  if (!scheme) throw new UnusableDatabase("the connection string must begin with esdb:// or esdb+discover://");
  const [authority = "", query = ""] = url.slice(scheme[0].length).split("?");
  if (query.includes("@")) {
    throw new UnusableDatabase(
      "a ? in the connection string's user or password must be written %3F, an @ in a value %40",
    );
  }
  const forClient: string[] = [];
  let isSecure = true;
  let prefix: string = defaults.streamPrefix;
  let maxBytes: number = defaults.maxAppendBytes;
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [name = "", value = ""] = pair.split("=");
    const parameter = name.trim().toLowerCase().replaceAll(/[_-]/g, "");
    if (parameter === "streamprefix") {
      prefix = value.trim();
      continue;
    }
    if (parameter === "maxappendsize") {
      maxBytes = Number(value);
      continue;
    }
    if (!PARAMETERS.has(parameter)) {
      throw new UnusableDatabase(`the connection string has a parameter that is not supported: ${name}`);
    }
    if (parameter === "tls") isSecure = value.trim() !== "false";
    forClient.push(pair);
  }
  const hosts = authority.slice(authority.lastIndexOf("@") + 1).split(",");
  const numbered = hosts.find((host) => isIP(host.replace(/:\d*\/*$/, "")) !== 0);
  if (isSecure && numbered !== undefined) {
    throw new UnusableDatabase(`TLS needs the server's name instead of the address ${numbered}`);
  }
  const rest = forClient.length === 0 ? "" : `?${forClient.join("&")}`;
  return {
    url: `esdb${scheme[1] ?? ""}://${authority}${rest}`,
    streamPrefix: streamPrefix ?? prefix,
    maxAppendBytes: maxAppendBytes ?? maxBytes,
  };
};
