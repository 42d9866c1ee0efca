/**
 * Every setting of the gateway, declared once: the loader, `sluice config`, the validation messages and the table in
 * docs/configuration.md are all made from this list. A secret `NAME` is also read from the file that `NAME_FILE` names.
 */
import { type Static, type TOptional, type TSchema, Type } from "typebox";

interface FieldExtras {
  /** Never printed, logged or answered; where `kind` is `url`, that is true of its password and token only. */
  readonly secret?: true;
  /**
   * More than the schema can say: a `url` must parse as one, a `file` must exist and be readable, `endpoints` are hosts,
   * addresses and networks.
   */
  readonly kind?: "url" | "file" | "endpoints";
  /** What a good value is, in words, where the schema would say it with a pattern. */
  readonly wants?: string;
  readonly example?: string;
}

export interface ConfigurationField<T extends TSchema = TSchema> extends FieldExtras {
  /** The environment variable; the same name is the key in a config file, and `--data-dir` the flag of `DATA_DIR`. */
  readonly env: string;
  readonly schema: T;
  readonly description: string;
}

const field = <T extends TSchema>(
  env: string,
  schema: T,
  description: string,
  extra: FieldExtras = {},
): ConfigurationField<T> => ({ env, schema, description, ...extra });

const optionalText = Type.Optional(Type.String({ minLength: 1 }));
const ENDPOINTS_WANTED =
  "hosts, *.domains, addresses, networks such as 10.0.0.0/8, or *, with commas between them; all but networks may have a port";
const port = (fallback: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: fallback });

export const configurationFields = {
  dataDir: field("DATA_DIR", Type.String({ default: "./data" }), "Embedded stores, queues and the generated token."),
  mqttUrl: field(
    "MQTT_URL",
    Type.Optional(Type.String({ pattern: "^(mqtts?|wss?)://" })),
    "The broker; none: the enabled rows of mqtt_servers, or else the embedded one.",
    {
      secret: true,
      kind: "url",
      wants: "a URL such as mqtt://host:1883, with mqtt://, mqtts://, ws:// or wss://",
      example: "mqtt://127.0.0.1:1883",
    },
  ),
  embeddedBrokerPort: field(
    "EMBEDDED_BROKER_PORT",
    port(1883),
    "Port of the embedded broker on 127.0.0.1; if taken, the next free one.",
  ),
  mqttClientId: field(
    "MQTT_CLIENT_ID",
    Type.String({ minLength: 1, maxLength: 65_535, default: "mqtt-gateway" }),
    "Client id, and with it the persistent session at the broker; -<id> is added for further rows of mqtt_servers.",
  ),
  mqttKeepalive: field(
    "MQTT_KEEPALIVE",
    Type.Integer({ minimum: 0, maximum: 65_535, default: 60 }),
    "Keep-alive in seconds [MQTT-3.1.2.10].",
  ),
  mqttUsername: field(
    "MQTT_USERNAME",
    optionalText,
    "User name for the broker; with MQTT_PASSWORD, the embedded one asks its clients for both.",
  ),
  mqttPassword: field("MQTT_PASSWORD", optionalText, "Password for the broker.", { secret: true }),
  mqttCaCerts: field(
    "MQTT_CA_CERTS",
    optionalText,
    "File of CA certificates (PEM) that the broker is checked against.",
    { kind: "file" },
  ),
  mqttCertfile: field("MQTT_CERTFILE", optionalText, "Client certificate (PEM); together with MQTT_KEYFILE.", {
    kind: "file",
  }),
  mqttKeyfile: field("MQTT_KEYFILE", optionalText, "Client key (PEM); together with MQTT_CERTFILE.", { kind: "file" }),
  mqttUseTls: field("MQTT_USE_TLS", Type.Boolean({ default: false }), "TLS even where the URL says mqtt:// or ws://."),
  eventStoreUrl: field(
    "EVENT_STORE_URL",
    Type.Optional(
      Type.String({ pattern: "^(sqlite:|postgres(ql)?://|(esdb|kurrentdb|kurrent|kdb)([+]discover)?://)" }),
    ),
    "The event log; none: sqlite:events.db in DATA_DIR. PostgreSQL's tables are in the schema sluice, or the one that " +
      "?schema= names; EventStoreDB's and KurrentDB's streams begin with sluice., or with what ?streamPrefix= says.",
    {
      secret: true,
      kind: "url",
      wants:
        "sqlite: and the path of a file, postgres://user:password@host/database, or esdb://user:password@host:2113",
      example: "postgres://sluice@db.example/telemetry",
    },
  ),
  projectionUrl: field(
    "PROJECTION_URL",
    Type.Optional(Type.String({ pattern: "^(sqlite:|mariadb://|mysql://|postgres(ql)?://)" })),
    "The projection database; none: what DB_HOST names, else sqlite:projection.db in DATA_DIR. PostgreSQL's tables are in " +
      "the schema public, or the one that ?schema= names.",
    {
      secret: true,
      kind: "url",
      wants: "sqlite: and the path of a file, or mariadb:// or postgres:// and user:password@host/database",
      example: "mariadb://sluice@db.example/telemetry",
    },
  ),
  dbHost: field(
    "DB_HOST",
    optionalText,
    "Server of a MariaDB projection, named as the older gateway names it; used when PROJECTION_URL is not set.",
  ),
  dbPort: field("DB_PORT", Type.Integer({ minimum: 1, maximum: 65_535, default: 3306 }), "Port of DB_HOST."),
  dbName: field("DB_NAME", optionalText, "Database on DB_HOST."),
  dbUser: field("DB_USER", optionalText, "User on DB_HOST."),
  dbPassword: field("DB_PASSWORD", optionalText, "Password on DB_HOST.", { secret: true }),
  dataRetentionDays: field(
    "DATA_RETENTION_DAYS",
    Type.Optional(Type.Integer({ minimum: 1 })),
    "Days that rows of `data` are kept in a PostgreSQL projection, whole months at a time; none: for ever. The event log " +
      "keeps its events.",
  ),
  spoolMaxBytes: field(
    "SPOOL_MAX_BYTES",
    Type.Integer({ minimum: 0, default: 1_073_741_824 }),
    "While an event store on another machine cannot be reached, messages are committed to DATA_DIR/spool.db, up to so " +
      "many bytes of them; then nothing more is acknowledged. 0: never.",
  ),
  sealLog: field(
    "SEAL_LOG",
    Type.Boolean({ default: true }),
    "Keep a Merkle tree over the event log, which shows tampering: docs/integrity.md. It costs processor time and some 50 " +
      "bytes an event.",
  ),
  checkpointIntervalSeconds: field(
    "CHECKPOINT_INTERVAL_SECONDS",
    Type.Number({ minimum: 1, maximum: 86_400, default: 600 }),
    "How often the tree is signed, if the log has grown; and at a clean stop.",
  ),
  flowsReloadIntervalSeconds: field(
    "FLOWS_RELOAD_INTERVAL_SECONDS",
    Type.Number({ minimum: 1, maximum: 86_400, default: 600 }),
    "How often the tables flows and mqtt_servers are read; what is changed through the API applies at once.",
  ),
  maxPayloadBytes: field(
    "MAX_PAYLOAD_BYTES",
    Type.Integer({ minimum: 1, maximum: 268_435_455, default: 1_048_576 }),
    "Larger payloads are recorded as rejected, with their first bytes.",
  ),
  publishQueueCapacity: field(
    "PUBLISH_QUEUE_CAPACITY",
    Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 100_000 }),
    "Messages that may wait to be published; a further one makes a lower priority go, or is refused.",
  ),
  httpTimeoutSeconds: field(
    "HTTP_TIMEOUT_SECONDS",
    Type.Number({ exclusiveMinimum: 0, maximum: 600, default: 10 }),
    "Timeout of one attempt to forward a message.",
  ),
  endpointAllow: field(
    "ENDPOINT_ALLOW",
    Type.String({ default: "*" }),
    "Where messages may be forwarded to: hosts, *.domains, addresses and networks, with or without a port. Link-local and " +
      "metadata addresses only where the address or its network is listed.",
    { kind: "endpoints", wants: ENDPOINTS_WANTED, example: "*.example.com, 10.1.0.0/16, 127.0.0.1:9000" },
  ),
  endpointDeny: field(
    "ENDPOINT_DENY",
    Type.Optional(Type.String({ minLength: 1 })),
    "Where nothing is forwarded to, whatever ENDPOINT_ALLOW says; written as it is.",
    { kind: "endpoints", wants: ENDPOINTS_WANTED, example: "127.0.0.0/8, ::1, 10.0.0.0/8" },
  ),
  adminHost: field("ADMIN_HOST", Type.String({ default: "127.0.0.1" }), "Address of the admin API."),
  adminPort: field("ADMIN_PORT", port(8080), "Port of the admin API; 0: any free one."),
  adminToken: field(
    "ADMIN_TOKEN",
    Type.Optional(Type.String({ minLength: 16 })),
    "Bearer token; none: generated into DATA_DIR/admin-token (mode 0600).",
    { secret: true },
  ),
  adminRateLimit: field(
    "ADMIN_RATE_LIMIT",
    Type.Integer({ minimum: 0, maximum: 100_000_000, default: 6_000 }),
    "Requests a minute that the admin API answers for each token, and of those that need none for each address; 0: any.",
  ),
  logLevel: field(
    "LOG_LEVEL",
    Type.Enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], { default: "info" }),
    "Lowest level that is logged.",
  ),
  logDir: field("LOG_DIR", optionalText, "Where daily rotated log files go; none: stdout only."),
} as const;

type Fields = typeof configurationFields;
export type ConfigurationKey = keyof Fields;
type OptionalKey = {
  [K in ConfigurationKey]: Fields[K]["schema"] extends TOptional<TSchema> ? K : never;
}[ConfigurationKey];

/** The effective configuration, as the app uses it; a setting that has no value and no default is absent. */
export type Configuration = {
  readonly [K in Exclude<ConfigurationKey, OptionalKey>]: Static<Fields[K]["schema"]>;
} & { readonly [K in OptionalKey]?: Static<Fields[K]["schema"]> | undefined };
