/**
 * Which brokers a gateway has: the one of MQTT_URL; without it the enabled rows of `mqtt_servers`; without any the
 * embedded one.
 *
 * Names and client ids are given among all enabled rows, also those that make no sense: a row with a mistake must not
 * hand its name, and with it its flows, to another broker.
 */
import type { Configuration } from "@sluice/contracts";
import { DEFAULT_BROKER, type MqttServerRow } from "@sluice/domain";

export interface BrokerTls {
  /** TLS even where the URL says `mqtt:` or `ws:`. */
  readonly force: boolean;
  /** Paths of PEM files. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface RemoteBrokerSettings {
  readonly kind: "remote";
  /** What flows, events, metrics and the health report call it. */
  readonly name: string;
  readonly url: string;
  readonly clientId: string;
  readonly keepaliveSeconds: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls: BrokerTls;
}

export interface EmbeddedBrokerSettings {
  readonly kind: "embedded";
  readonly name: string;
  readonly port: number;
  /** Asked of every client. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

export type BrokerSettings = RemoteBrokerSettings | EmbeddedBrokerSettings;

/** A row that cannot be a broker as it stands. */
export interface BrokerFault {
  readonly name: string;
  readonly message: string;
}

export interface BrokerPlan {
  readonly brokers: readonly BrokerSettings[];
  readonly faults: readonly BrokerFault[];
}

const PROTOCOLS = ["mqtt", "mqtts", "ws", "wss"];
const WEB_SOCKETS = new Set(["ws", "wss"]);
const HIGHEST_PORT = 65_535;

/** Where MQTT_URL is set the rows do not count. */
export const settingsOfServers = (rows: readonly MqttServerRow[], configuration: Configuration): BrokerPlan => {
  if (configuration.mqttUrl !== undefined)
    return { brokers: [ofUrl(configuration.mqttUrl, configuration)], faults: [] };
  const enabled = rows
    .filter((row) => row.enabled)
    .sort((one, other) => Number(other.isDefault) - Number(one.isDefault) || one.id - other.id);
  if (enabled.length === 0) return { brokers: [embedded(configuration)], faults: [] };
  const brokers: BrokerSettings[] = [];
  const faults: BrokerFault[] = [];
  for (const [index, row] of enabled.entries()) {
    const identity =
      index === 0
        ? { name: DEFAULT_BROKER, clientId: configuration.mqttClientId }
        : { name: `mqtt-server-${row.id}`, clientId: `${configuration.mqttClientId}-${row.id}` };
    const message = faultOf(row);
    if (message === null) brokers.push({ kind: "remote", ...identity, ...ofRow(row, configuration) });
    else faults.push({ name: identity.name, message: `row ${row.id} of mqtt_servers: ${message}` });
  }
  return { brokers, faults };
};

const both = (
  username: string | null | undefined,
  password: string | null | undefined,
): { readonly username: string; readonly password: string } | null =>
  username && password ? { username, password } : null;

const embedded = ({ embeddedBrokerPort: port, mqttUsername, mqttPassword }: Configuration): EmbeddedBrokerSettings => {
  const credentials = both(mqttUsername, mqttPassword);
  return { kind: "embedded", name: DEFAULT_BROKER, port, ...(credentials && { credentials }) };
};

const ofUrl = (url: string, configuration: Configuration): RemoteBrokerSettings => ({
  kind: "remote",
  name: DEFAULT_BROKER,
  url,
  clientId: configuration.mqttClientId,
  keepaliveSeconds: configuration.mqttKeepalive,
  ...(configuration.mqttUsername === undefined ? {} : { username: configuration.mqttUsername }),
  ...(configuration.mqttPassword === undefined ? {} : { password: configuration.mqttPassword }),
  tls: {
    force: configuration.mqttUseTls,
    ...filesOf(configuration.mqttCaCerts, configuration.mqttCertfile, configuration.mqttKeyfile),
  },
});

/** What a row does not say about TLS the configuration says; a client certificate and its key as a pair. */
const ofRow = (
  row: MqttServerRow,
  configuration: Configuration,
): Omit<RemoteBrokerSettings, "kind" | "name" | "clientId"> => {
  const [cert, key] = row.certfile
    ? [row.certfile, row.keyfile]
    : [configuration.mqttCertfile, configuration.mqttKeyfile];
  return {
    url: urlOf(row),
    keepaliveSeconds: configuration.mqttKeepalive,
    ...both(row.username, row.password),
    tls: {
      force: row.protocol === null && configuration.mqttUseTls,
      ...filesOf(row.caCerts || configuration.mqttCaCerts, cert, key),
    },
  };
};

const filesOf = (
  ca: string | null | undefined,
  cert: string | null | undefined,
  key: string | null | undefined,
): Omit<BrokerTls, "force"> => ({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });

/** With WebSockets the host may be followed by a path: `broker.example.net/mqtt`. */
const urlOf = ({ host, port, protocol }: MqttServerRow): string => {
  const slash = host.indexOf("/");
  const name = slash === -1 ? host : host.slice(0, slash);
  const path = slash === -1 ? "" : host.slice(slash);
  const bracketed = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  return `${protocol ?? "mqtt"}://${bracketed}:${port}${path}`;
};

const faultOf = (row: MqttServerRow): string | null => {
  const { host, port, protocol, certfile, keyfile } = row;
  if (host.trim() === "") return "host is empty";
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT)
    return `port ${port} is not from 1 to ${HIGHEST_PORT}`;
  if (protocol !== null && !PROTOCOLS.includes(protocol)) {
    return `protocol ${JSON.stringify(protocol)} is none of ${PROTOCOLS.join(", ")}`;
  }
  // The host is not repeated: people have put a whole URL there, password and all.
  if (/[\s@?#\\]|:\/\//.test(host)) return "host is not a host name or address alone";
  if (host.includes("/") && !WEB_SOCKETS.has(protocol ?? "")) return "host has a path, which only ws and wss know";
  const url = URL.parse(urlOf(row));
  if (url === null || url.hostname === "") return "host is not a host name or address alone";
  if (Boolean(certfile) !== Boolean(keyfile)) return "certfile and keyfile go together";
  return null;
};
