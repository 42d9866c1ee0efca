import { readFile } from "node:fs/promises";

/** Where the filters that the broker holds in our session are remembered while the gateway is down. */
export interface SessionMemory {
  /** The filters saved last; empty when there are none. */
  load(): Promise<readonly string[]>;
  save(filters: readonly string[]): Promise<void>;
}

export interface TlsOptions {
  /** Certificates that the broker is checked against: PEM text, or the path of a PEM file. Default: the system's. */
  readonly ca?: string;
  /** Client certificate, PEM text or path; together with `key`. */
  readonly cert?: string;
  /** Key of the client certificate, PEM text or path. */
  readonly key?: string;
  /** TLS even where the URL says `mqtt:` or `ws:`. */
  readonly force?: boolean;
  /** Accepts any certificate; for tests of one's own. */
  readonly insecure?: boolean;
}

/** Time and chance, replaceable in tests. */
export interface SourceEnvironment {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs the task once after `ms`; returns what cancels it. */
  readonly after: (ms: number, task: () => void) => () => void;
  /** At least 0, less than 1. */
  readonly random: () => number;
}

export interface MqttSourceOptions {
  /** Name of the broker in flows, events and the health report. */
  readonly name?: string;
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`; credentials in it count when `username` is absent. */
  readonly url: string;
  /** Identity of the persistent session at the broker; must be stable and used by one gateway alone. */
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  /** 0: none [MQTT-3.1.2.10]. */
  readonly keepaliveSeconds?: number;
  /** Until the CONNACK, and until the answer to a SUBSCRIBE. */
  readonly connectTimeoutSeconds?: number;
  /** How long the broker keeps the session, and messages for it, while we are away (MQTT 5). */
  readonly sessionExpirySeconds?: number;
  /**
   * QoS 1 and 2 messages that the broker may send before an acknowledgement (MQTT 5). Room for four batches: one being
   * written, one waiting for that, one being decided and one arriving; with less the broker waits for us.
   */
  readonly receiveMaximum?: number;
  /** Of a larger PUBLISH only so much is kept, the payload is cut; any other larger packet closes the connection. */
  readonly maximumPacketBytes?: number;
  /** Unacknowledged messages, and their bytes, at which reading stops. */
  readonly windowMessages?: number;
  readonly windowBytes?: number;
  readonly maximumBatch?: number;
  /** Only this version; default: 5, and 3.1.1 where the broker refuses 5. */
  readonly protocolVersion?: 4 | 5;
  readonly backoff?: { readonly initialSeconds: number; readonly maximumSeconds: number };
  /** A connection that lasted this long starts the backoff anew. */
  readonly stableSeconds?: number;
  readonly sessionMemory?: SessionMemory;
  readonly environment?: Partial<SourceEnvironment>;
}

export interface SourceConfig
  extends Required<
    Omit<MqttSourceOptions, "url" | "username" | "password" | "tls" | "protocolVersion" | "environment">
  > {
  /** Without user name and password. */
  readonly url: URL;
  /** Without the query as well: with WebSockets it may hold a token. */
  readonly shownUrl: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsOptions;
  readonly protocolVersions: readonly (4 | 5)[];
  readonly environment: SourceEnvironment;
}

const protocols = new Set(["mqtt:", "mqtts:", "ws:", "wss:"]);
const secureProtocols = new Map([
  ["mqtt:", "mqtts:"],
  ["ws:", "wss:"],
]);

const nowhere: SessionMemory = { load: async () => [], save: async () => {} };

/** `URL` will not change the scheme of `mqtt:` to `mqtts:` itself: only special schemes may replace each other. */
const withProtocol = (url: URL, protocol: string): URL => new URL(`${protocol}${url.href.slice(url.protocol.length)}`);

const parseUrl = (text: string, tls: TlsOptions): { url: URL; username: string; password: string } => {
  const given = URL.parse(text);
  // The text is not repeated: it may hold a password.
  if (given === null || !protocols.has(given.protocol) || given.hostname === "") {
    throw new TypeError("the broker's URL must be mqtt://, mqtts://, ws:// or wss:// and name a host");
  }
  const url = tls.force ? withProtocol(given, secureProtocols.get(given.protocol) ?? given.protocol) : new URL(given);
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = "";
  url.password = "";
  return { url, username, password };
};

/** @throws TypeError on a bad URL, or a client certificate without key or the other way round */
export const resolveConfig = (options: MqttSourceOptions): SourceConfig => {
  const { tls = {}, protocolVersion, environment } = options;
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError("a client certificate and its key go together");
  }
  const { url, username, password } = parseUrl(options.url, tls);
  const windowMessages = options.windowMessages ?? 4_096;
  return {
    name: options.name ?? "default",
    url,
    shownUrl: `${url.protocol}//${url.host}${url.pathname}`,
    clientId: options.clientId,
    username: options.username ?? (username || undefined),
    password: options.username === undefined ? (options.password ?? (password || undefined)) : options.password,
    tls,
    keepaliveSeconds: options.keepaliveSeconds ?? 60,
    connectTimeoutSeconds: options.connectTimeoutSeconds ?? 30,
    sessionExpirySeconds: options.sessionExpirySeconds ?? 7 * 24 * 3_600,
    receiveMaximum: Math.min(options.receiveMaximum ?? 2_048, windowMessages, 65_535),
    maximumPacketBytes: options.maximumPacketBytes ?? 16 * 1024 * 1024,
    windowMessages,
    windowBytes: options.windowBytes ?? 32 * 1024 * 1024,
    maximumBatch: options.maximumBatch ?? 500,
    protocolVersions: protocolVersion === undefined ? [5, 4] : [protocolVersion],
    backoff: options.backoff ?? { initialSeconds: 1, maximumSeconds: 60 },
    stableSeconds: options.stableSeconds ?? 30,
    sessionMemory: options.sessionMemory ?? nowhere,
    environment: {
      now: Date.now,
      after: (ms, task) => {
        const timer = setTimeout(task, ms);
        return () => clearTimeout(timer);
      },
      random: Math.random,
      ...environment,
    },
  };
};

/** PEM text as it is, anything else as the path of a PEM file; read at every connect, so that a renewed one is used. */
export const readPem = async (textOrPath: string | undefined): Promise<string | undefined> =>
  textOrPath === undefined || textOrPath.includes("-----BEGIN ") ? textOrPath : readFile(textOrPath, "utf8");
