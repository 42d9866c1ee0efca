/** Rules over more than one setting, once each is right by itself. */
import { resolve } from "node:path";
import type { Configuration, ConfigurationKey } from "@sluice/contracts";
import { fields } from "./names.ts";

export interface Ruled {
  readonly values: Partial<Record<ConfigurationKey, unknown>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

interface RuleDependencies {
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => string;
}

/** Values that were wrong by themselves are missing here, so every rule must do with any of them absent. */
export const applyRules = (given: Ruled["values"], { readFile }: RuleDependencies): Ruled => {
  const values = { ...given };
  const errors: string[] = [];
  const warnings: string[] = [];
  const known = values as Partial<Configuration>;
  if (known.mqttUrl !== undefined && known.mqttUseTls === true) values.mqttUrl = withTls(known.mqttUrl);
  if (known.projectionUrl === undefined && known.dbHost !== undefined) {
    errors.push(...missingDatabaseParts(known));
    values.projectionUrl = mariadbUrl(known);
    if (URL.parse(values.projectionUrl as string) === null) {
      errors.push(`DB_HOST: got ${JSON.stringify(known.dbHost)}; it wants the name or address of a host`);
    }
  } else if (known.projectionUrl !== undefined && known.dbHost !== undefined) {
    warnings.push("DB_HOST has no effect beside PROJECTION_URL");
  }
  if (known.dataRetentionDays !== undefined && !/^postgres/.test(known.projectionUrl ?? "")) {
    warnings.push("DATA_RETENTION_DAYS has an effect on a projection in PostgreSQL only");
  }

  for (const [key, field] of fields) {
    const path = values[key];
    if (field.kind !== "file" || typeof path !== "string") continue;
    try {
      readFile(path);
    } catch (error) {
      errors.push(`${field.env}: got ${JSON.stringify(path)}; it wants a readable file (${whyUnreadable(error)})`);
    }
  }
  errors.push(...contradictions(known));
  warnings.push(...brokerWarnings(values as Partial<Configuration>));
  return { values, errors, warnings };
};

/** Default ports change with the scheme, a port that is written out stays. */
const withTls = (url: string): string => url.replace(/^(mqtt|ws):/i, (_, scheme: string) => `${scheme}s:`);

const missingDatabaseParts = ({ dbName, dbUser, dbPassword }: Partial<Configuration>): string[] =>
  [
    ...(dbName === undefined ? ["DB_NAME"] : []),
    ...(dbUser === undefined ? ["DB_USER"] : []),
    ...(dbPassword === undefined ? ["DB_PASSWORD"] : []),
  ].map((name) => `${name}: got nothing although DB_HOST is set; it wants all of DB_NAME, DB_USER and DB_PASSWORD`);

const mariadbUrl = ({ dbHost, dbPort, dbName, dbUser, dbPassword }: Partial<Configuration>): string => {
  const [user, password, name] = [dbUser, dbPassword, dbName].map((part) => encodeURIComponent(part ?? ""));
  const host = dbHost?.includes(":") && !dbHost.startsWith("[") ? `[${dbHost}]` : dbHost;
  return `mariadb://${user}:${password}@${host}:${dbPort ?? 3306}/${name}`;
};

const contradictions = (configuration: Partial<Configuration>): string[] => {
  const { mqttCertfile, mqttKeyfile, mqttUrl, embeddedBrokerPort, adminPort, eventStoreUrl, projectionUrl } =
    configuration;
  const errors: string[] = [];
  if ((mqttCertfile === undefined) !== (mqttKeyfile === undefined)) {
    const [got, lacks] =
      mqttKeyfile === undefined ? ["MQTT_CERTFILE", "MQTT_KEYFILE"] : ["MQTT_KEYFILE", "MQTT_CERTFILE"];
    errors.push(`${lacks}: got nothing although ${got} is set; it wants both of them or neither`);
  }
  if (mqttUrl === undefined && adminPort !== undefined && adminPort !== 0 && adminPort === embeddedBrokerPort) {
    errors.push(`ADMIN_PORT: got ${adminPort}, as EMBEDDED_BROKER_PORT; it wants a port of its own`);
  }
  if (eventStoreUrl !== undefined && projectionUrl !== undefined && sameFile(eventStoreUrl, projectionUrl)) {
    errors.push("PROJECTION_URL: got the file of EVENT_STORE_URL; it wants a file of its own");
  }
  return errors;
};

const sameFile = (a: string, b: string): boolean => {
  const path = (url: string) => resolve(url.replace(/^sqlite:(\/\/)?/, ""));
  return a.startsWith("sqlite:") && b.startsWith("sqlite:") && path(a) === path(b);
};

const brokerWarnings = (configuration: Partial<Configuration>): string[] => {
  const { mqttUrl, mqttUsername, mqttPassword, mqttCaCerts, mqttCertfile } = configuration;
  if (mqttUrl === undefined) return embeddedBrokerWarnings(configuration);
  const url = new URL(mqttUrl);
  const tls = url.protocol === "mqtts:" || url.protocol === "wss:";
  const password = mqttPassword !== undefined || url.password !== "";
  const warnings: string[] = [];
  if (tls && mqttCaCerts === undefined) {
    warnings.push(
      "TLS without MQTT_CA_CERTS: the broker's certificate is checked against the well-known authorities only",
    );
  }
  if (!tls && (mqttCaCerts !== undefined || mqttCertfile !== undefined)) {
    warnings.push("MQTT_CA_CERTS and MQTT_CERTFILE have no effect without TLS: use mqtts://, wss:// or MQTT_USE_TLS");
  }
  if (!tls && password && !isLoopback(url.hostname)) {
    warnings.push(`the password goes to ${url.hostname} in clear text: use mqtts://, wss:// or MQTT_USE_TLS`);
  }
  if (mqttPassword !== undefined && mqttUsername === undefined && url.username === "") {
    warnings.push("MQTT_PASSWORD without MQTT_USERNAME: MQTT 3.1.1 has no such login [MQTT-3.1.2-22]");
  }
  return warnings;
};

/** The embedded broker asks for the user and password of the configuration, when both are set, and speaks no TLS. */
const embeddedBrokerWarnings = (configuration: Partial<Configuration>): string[] => {
  const { mqttUsername, mqttPassword, mqttCaCerts, mqttCertfile, mqttUseTls } = configuration;
  const warnings = [
    ...(mqttCaCerts === undefined ? [] : ["MQTT_CA_CERTS"]),
    ...(mqttCertfile === undefined ? [] : ["MQTT_CERTFILE"]),
    ...(mqttUseTls === true ? ["MQTT_USE_TLS"] : []),
  ].map((name) => `${name} is for the brokers in mqtt_servers alone: the embedded one speaks no TLS`);
  if ((mqttUsername === undefined) === (mqttPassword === undefined)) return warnings;
  return [
    ...warnings,
    "the embedded broker lets everybody in: it takes both MQTT_USERNAME and MQTT_PASSWORD to change that",
  ];
};

const isLoopback = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || /^127\.\d+\.\d+\.\d+$/.test(host) || host === "[::1]";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "no permission to read it",
  EISDIR: "it is a directory",
};

/** Why a file could not be read, in words. */
export const whyUnreadable = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ""] ?? message;
};
