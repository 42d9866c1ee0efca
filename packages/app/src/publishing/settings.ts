/**
 * The settings of a publisher that stands alone: from an object, a JSON file, a `key=value` file, or `MQTT_…` variables.
 * One declaration a setting, all errors at once, and the password in nothing that is printed.
 */
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import type { ConfigurationField } from "@sluice/contracts";
import { type Static, type TSchema, Type } from "typebox";
import { parseContent } from "../config/config-file.ts";
import { nearestName } from "../config/nearest-name.ts";
import { parseValue, wants } from "../config/parse-value.ts";
import { HIDDEN } from "../config/redact.ts";

type Field<T extends TSchema = TSchema> = ConfigurationField<T>;

const field = <T extends TSchema>(
  name: string,
  schema: T,
  description: string,
  extra: Pick<Field, "secret" | "kind"> = {},
): Field<T> => ({ env: `MQTT_${name}`, schema, description, ...extra });

const text = Type.Optional(Type.String({ minLength: 1 }));

export const publisherFields = {
  clientId: field(
    "CLIENT_ID",
    Type.String({ minLength: 1, maxLength: 65_535 }),
    "Names the session at the broker; no other client may have it.",
  ),
  url: field("URL", Type.Optional(Type.String({ pattern: "^(mqtts?|wss?)://" })), "Instead of host and port.", {
    kind: "url",
    secret: true,
  }),
  brokerHost: field("BROKER_HOST", Type.String({ minLength: 1, default: "localhost" }), "Name or address."),
  brokerPort: field(
    "BROKER_PORT",
    Type.Integer({ minimum: 1, maximum: 65_535, default: 1883 }),
    "8883 is usual for TLS.",
  ),
  useTls: field("USE_TLS", Type.Boolean({ default: false }), "Encrypt, and check the broker's certificate."),
  caCerts: field("CA_CERTS", text, "Certificates of the authorities (PEM).", { kind: "file" }),
  certfile: field("CERTFILE", text, "Client certificate (PEM), with `keyfile`.", { kind: "file" }),
  keyfile: field("KEYFILE", text, "Client key (PEM), with `certfile`.", { kind: "file" }),
  username: field("USERNAME", text, "Login at the broker."),
  password: field("PASSWORD", text, "Password for it.", { secret: true }),
  keepalive: field("KEEPALIVE", Type.Integer({ minimum: 0, maximum: 65_535, default: 60 }), "In seconds; 0: none."),
  maxQueueSize: field("MAX_QUEUE_SIZE", Type.Integer({ minimum: 1, default: 1_000 }), "Messages that may wait."),
  minBackoff: field("MIN_BACKOFF", Type.Number({ exclusiveMinimum: 0, default: 1 }), "Seconds to the second attempt."),
  maxBackoff: field("MAX_BACKOFF", Type.Number({ exclusiveMinimum: 0, default: 60 }), "Seconds at the most."),
  dbPath: field("DB_PATH", Type.String({ minLength: 1, default: "./mqtt_client.db" }), "File of the queue."),
} as const;

type Fields = typeof publisherFields;
type Key = keyof Fields;
export type PublisherValues = { readonly [K in Key]: Static<Fields[K]["schema"]> | undefined } & {
  readonly [K in "clientId" | "brokerHost" | "dbPath"]: string;
} & { readonly [K in "brokerPort" | "keepalive" | "maxQueueSize" | "minBackoff" | "maxBackoff"]: number } & {
  readonly useTls: boolean;
};

const fields = Object.entries(publisherFields) as readonly (readonly [Key, Field])[];

/** Settings of clients that this one takes the place of, which mean nothing here. */
const WITHOUT_EFFECT = new Set(["logdir", "loglevel", "enablehealthcheck", "healthcheckport"]);

/** `clientId`, `client_id`, `CLIENT_ID` and `MQTT_CLIENT_ID` are one name. */
const plain = (name: string): string => name.toLowerCase().replaceAll("_", "");
const keys = new Map<string, Key>(
  fields.flatMap(([key, { env }]) => [
    [plain(key), key],
    [plain(env), key],
  ]),
);

export class BadPublisherSettings extends Error {
  override readonly name = "BadPublisherSettings";
  readonly errors: readonly string[];
  constructor(errors: readonly string[]) {
    super(errors.join("\n"));
    this.errors = errors;
  }
}

export class PublisherSettings {
  readonly values: PublisherValues;
  readonly warnings: readonly string[];

  private constructor(values: PublisherValues, warnings: readonly string[]) {
    this.values = values;
    this.warnings = warnings;
  }

  /** @throws BadPublisherSettings */
  static fromObject(object: Readonly<Record<string, unknown>>): PublisherSettings {
    return PublisherSettings.#read(Object.entries(object));
  }

  /** JSON, YAML or lines of `key=value`. @throws BadPublisherSettings */
  static fromFile(path: string): PublisherSettings {
    let entries: readonly (readonly [string, unknown])[];
    try {
      entries = parseContent(path, readFileSync(path, "utf8"));
    } catch (error) {
      throw new BadPublisherSettings([`${path} ${(error as Error).message}`]);
    }
    return PublisherSettings.#read(entries);
  }

  /** `MQTT_CLIENT_ID` and so on; other variables are others' business. @throws BadPublisherSettings */
  static fromEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): PublisherSettings {
    return PublisherSettings.#read(fields.map(([, { env }]) => [env, environment[env]]));
  }

  static #read(entries: readonly (readonly [string, unknown])[]): PublisherSettings {
    const errors: string[] = [];
    const warnings: string[] = [];
    const values: Partial<Record<Key, unknown>> = {};
    for (const [name, raw] of entries) {
      const key = keys.get(plain(name));
      if (key === undefined) {
        if (WITHOUT_EFFECT.has(plain(name))) warnings.push(`${name} has no effect here`);
        else
          errors.push(
            `${name}: there is no such setting; the nearest is ${nearestName(name, Object.keys(publisherFields))?.name}`,
          );
      } else if (raw !== undefined && raw !== null && raw !== "") {
        if (key in values) errors.push(`${name}: it is set twice`);
        const parsed = parseValue(publisherFields[key], raw);
        if (parsed.ok) values[key] = parsed.value;
        else errors.push(`${name}: got ${shown(key, raw)}; it wants ${wants(publisherFields[key], raw)}`);
      }
    }
    const wrong = new Set(errors.map((error) => keys.get(plain(error.slice(0, error.indexOf(":"))))));
    for (const [key, { schema, env }] of fields) {
      const { default: fallback } = schema as { default?: unknown };
      values[key] ??= fallback;
      if (key === "clientId" && values[key] === undefined && !wrong.has(key)) {
        errors.push(`${env}: got nothing; it wants an id that no other client of the broker has`);
      }
    }
    errors.push(...contradictions(values));
    if (errors.length > 0) throw new BadPublisherSettings(errors);
    const complete = values as PublisherValues;
    return new PublisherSettings(complete, [...warnings, ...doubts(complete)]);
  }

  /** Of the broker, without credentials. */
  get url(): string {
    const { url, brokerHost, brokerPort, useTls } = this.values;
    if (url !== undefined) return url;
    const host = brokerHost.includes(":") && !brokerHost.startsWith("[") ? `[${brokerHost}]` : brokerHost;
    return `${useTls ? "mqtts" : "mqtt"}://${host}:${brokerPort}`;
  }

  /** As it may be printed. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this.values).map(([key, value]) => [
        key,
        value !== undefined && publisherFields[key as Key].secret ? HIDDEN : value,
      ]),
    );
  }

  [inspect.custom](): string {
    return `PublisherSettings ${inspect(this.toJSON())}`;
  }
}

const shown = (key: Key, raw: unknown): string => (publisherFields[key].secret ? HIDDEN : JSON.stringify(raw));

const contradictions = (values: Partial<Record<Key, unknown>>): string[] => {
  const errors: string[] = [];
  const { certfile, keyfile, minBackoff, maxBackoff } = values as Partial<PublisherValues>;
  if ((certfile === undefined) !== (keyfile === undefined)) {
    errors.push(
      `${certfile === undefined ? "MQTT_CERTFILE" : "MQTT_KEYFILE"}: got nothing; certfile and keyfile go together`,
    );
  }
  if (minBackoff !== undefined && maxBackoff !== undefined && minBackoff > maxBackoff) {
    errors.push(`MQTT_MAX_BACKOFF: got ${maxBackoff}; it wants at least the minimum, ${minBackoff}`);
  }
  for (const [key, { env, kind }] of fields) {
    const path = values[key];
    if (kind !== "file" || typeof path !== "string") continue;
    try {
      readFileSync(path);
    } catch (error) {
      errors.push(
        `${env}: got ${JSON.stringify(path)}; it wants a readable file (${(error as NodeJS.ErrnoException).code})`,
      );
    }
  }
  return errors;
};

const isLoopback = (host: string): boolean => /^(localhost|127\.|\[?::1\]?$)/.test(host);

const doubts = ({ url, brokerHost, useTls, caCerts, certfile, username, password }: PublisherValues): string[] => {
  const tls = useTls || /^(mqtts|wss):/.test(url ?? "");
  const parsed = url === undefined ? null : URL.parse(url);
  const host = parsed?.hostname ?? brokerHost;
  const warnings: string[] = [];
  if (tls && caCerts === undefined) {
    warnings.push("TLS without caCerts: the broker's certificate is checked against the well-known authorities only");
  }
  if (!tls && (caCerts !== undefined || certfile !== undefined)) {
    warnings.push("caCerts and certfile have no effect without useTls");
  }
  if (!tls && (password !== undefined || parsed?.password) && !isLoopback(host)) {
    warnings.push(`the password goes to ${host} in clear text: set useTls`);
  }
  if (password !== undefined && username === undefined && !parsed?.username) {
    warnings.push("password without username: MQTT 3.1.1 has no such login [MQTT-3.1.2-22]");
  }
  return warnings;
};
