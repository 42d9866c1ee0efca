/** From flags, environment, file and defaults to values, and the text of every error. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ConfigurationInput, loadConfiguration, redactUrl, secretTexts } from "@sluice/app/config";

const load = (input: Partial<ConfigurationInput>, files: Record<string, string> = {}) =>
  loadConfiguration({
    env: {},
    cwd: "/somewhere",
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
      return text;
    },
    ...input,
  });

const loaded = (...given: Parameters<typeof load>) => {
  const result = load(...given);
  assert.ok(result.ok, result.ok ? "" : result.errors.join("\n"));
  return result;
};

const errors = (...given: Parameters<typeof load>): readonly string[] => {
  const result = load(...given);
  return result.ok ? [] : result.errors;
};

describe("configuration: values", () => {
  it("needs nothing", () => {
    const { configuration, sources, warnings } = loaded({});
    assert.deepEqual(configuration, {
      dataDir: "./data",
      dbPort: 3306,
      embeddedBrokerPort: 1883,
      mqttClientId: "mqtt-gateway",
      mqttKeepalive: 60,
      mqttUseTls: false,
      spoolMaxBytes: 1_073_741_824,
      sealLog: true,
      checkpointIntervalSeconds: 600,
      flowsReloadIntervalSeconds: 600,
      maxPayloadBytes: 1_048_576,
      publishQueueCapacity: 100_000,
      httpTimeoutSeconds: 10,
      adminHost: "127.0.0.1",
      adminPort: 8080,
      adminRateLimit: 6_000,
      endpointAllow: "*",
      logLevel: "info",
    });
    assert.ok(Object.values(sources).every((source) => source === "default"));
    assert.deepEqual(warnings, []);
  });

  it("takes lists of endpoints, and says what is wanted of a bad one", () => {
    const env = { ENDPOINT_ALLOW: "*.example.com, 10.0.0.0/8", ENDPOINT_DENY: "::1 127.0.0.0/8" };
    const { configuration } = loaded({ env });
    assert.deepEqual([configuration.endpointAllow, configuration.endpointDeny], Object.values(env));
    for (const ENDPOINT_DENY of ["http://a/", "10.0.0.0/40", "a:b"]) {
      assert.match(`${errors({ env: { ENDPOINT_DENY } })}`, /^ENDPOINT_DENY: got .*; it wants hosts, /);
    }
  });

  it("takes connection strings with several hosts, and hides what is secret in them", () => {
    const url = "esdb+discover://me:pass!word@one.example:2113,two.example:2113?tls=true";
    const { configuration } = loaded({ env: { EVENT_STORE_URL: url } });
    assert.equal(configuration.eventStoreUrl, url);
    assert.ok(secretTexts(configuration).includes("pass!word"));
    assert.doesNotMatch(redactUrl(url), /pass/);
    assert.equal(errors({ env: { EVENT_STORE_URL: "esdb://one.example:2113,," } }).length, 1);
  });

  it("takes the older gateway's names for a MariaDB projection", () => {
    const { configuration } = loaded({
      env: { DB_HOST: "db.example", DB_PORT: "3307", DB_NAME: "tele metry", DB_USER: "me@home", DB_PASSWORD: "p/:w" },
    });
    assert.equal(configuration.projectionUrl, "mariadb://me%40home:p%2F%3Aw@db.example:3307/tele%20metry");
  });

  it("prefers flags to the environment to the file to the default", () => {
    const { configuration, sources } = loaded(
      {
        flags: { adminPort: "1" },
        env: { SLUICE_CONFIG: "c.yaml", ADMIN_PORT: "2", MQTT_KEEPALIVE: "2" },
      },
      { "/somewhere/c.yaml": "admin_port: 3\nmqttKeepalive: 3\nMAX_PAYLOAD_BYTES: 3\n" },
    );
    assert.deepEqual([configuration.adminPort, configuration.mqttKeepalive, configuration.maxPayloadBytes], [1, 2, 3]);
    assert.deepEqual(
      [sources.adminPort, sources.mqttKeepalive, sources.maxPayloadBytes, sources.adminHost],
      ["flag", "environment", "file", "default"],
    );
  });

  it("names the config file by a flag as well", () => {
    const { configuration } = loaded(
      { flags: { config: "flag.json" }, env: { SLUICE_CONFIG: "env.json" } },
      { "/somewhere/flag.json": '{"ADMIN_PORT": 5}', "/somewhere/env.json": '{"ADMIN_PORT": 6}' },
    );
    assert.equal(configuration.adminPort, 5);
  });

  it("takes an empty variable as one that is not set", () => {
    const { configuration, sources } = loaded({ env: { MQTT_URL: "", ADMIN_PORT: "", SLUICE_CONFIG: "" } });
    assert.deepEqual([configuration.mqttUrl, configuration.adminPort, sources.adminPort], [undefined, 8080, "default"]);
  });

  for (const text of ["true", "yes", "1", "TRUE"]) {
    it(`reads ${text} as true`, () => {
      assert.equal(loaded({ env: { MQTT_USE_TLS: text } }).configuration.mqttUseTls, true);
    });
  }
  for (const text of ["false", "no", "0"]) {
    it(`reads ${text} as false`, () => {
      assert.equal(loaded({ env: { MQTT_USE_TLS: text } }).configuration.mqttUseTls, false);
    });
  }

  it("takes a level in capitals, as the older client did", () => {
    assert.equal(loaded({ env: { LOG_LEVEL: "INFO" } }).configuration.logLevel, "info");
  });

  it("reads secrets from files, without the line break at the end", () => {
    const { configuration, sources } = loaded(
      { env: { ADMIN_TOKEN_FILE: "/run/token", MQTT_PASSWORD_FILE: "pw" } },
      { "/run/token": "0123456789abcdef\r\n", "/somewhere/pw": " two \n\n" },
    );
    assert.equal(configuration.adminToken, "0123456789abcdef");
    assert.equal(configuration.mqttPassword, " two \n");
    assert.equal(sources.adminToken, "secret file");
  });

  it("lets a secret from above win over a secret file from below", () => {
    const { configuration } = loaded(
      { env: { MQTT_PASSWORD: "environment", SLUICE_CONFIG: "c" } },
      { "/somewhere/c": "mqtt_password_file=/nowhere" },
    );
    assert.equal(configuration.mqttPassword, "environment");
  });

  for (const [url, effective] of [
    ["mqtt://broker:1883", "mqtts://broker:1883"],
    ["ws://broker/mqtt", "wss://broker/mqtt"],
    ["mqtts://broker", "mqtts://broker"],
  ] as const) {
    it(`makes ${effective} of ${url} with MQTT_USE_TLS`, () => {
      assert.equal(loaded({ env: { MQTT_URL: url, MQTT_USE_TLS: "1" } }).configuration.mqttUrl, effective);
    });
  }
});

describe("configuration: errors", () => {
  const table: readonly [string, Record<string, string>, string][] = [
    ["text for a number", { ADMIN_PORT: "http" }, 'ADMIN_PORT: got "http"; it wants a whole number from 0 to 65535'],
    ["a port too high", { ADMIN_PORT: "65536" }, 'ADMIN_PORT: got "65536"; it wants a whole number from 0 to 65535'],
    ["a fraction", { MQTT_KEEPALIVE: "1.5" }, 'MQTT_KEEPALIVE: got "1.5"; it wants a whole number from 0 to 65535'],
    ["an exponent", { MQTT_KEEPALIVE: "1e3" }, 'MQTT_KEEPALIVE: got "1e3"; it wants a whole number from 0 to 65535'],
    ["hexadecimal", { MQTT_KEEPALIVE: "0x10" }, 'MQTT_KEEPALIVE: got "0x10"; it wants a whole number from 0 to 65535'],
    ["a space", { MQTT_KEEPALIVE: "60 " }, 'MQTT_KEEPALIVE: got "60 "; it wants a whole number from 0 to 65535'],
    ["zero", { HTTP_TIMEOUT_SECONDS: "0" }, 'HTTP_TIMEOUT_SECONDS: got "0"; it wants a number above 0 and up to 600'],
    ["no boolean", { MQTT_USE_TLS: "on" }, 'MQTT_USE_TLS: got "on"; it wants true or false (or yes, no, 1, 0)'],
    [
      "no level",
      { LOG_LEVEL: "verbose" },
      'LOG_LEVEL: got "verbose"; it wants one of fatal, error, warn, info, debug, trace, silent',
    ],
    [
      "no MQTT URL",
      { MQTT_URL: "http://broker" },
      'MQTT_URL: got "http://broker"; it wants a URL such as mqtt://host:1883, with mqtt://, mqtts://, ws:// or wss://',
    ],
    [
      "a URL without a host",
      { MQTT_URL: "mqtt://" },
      'MQTT_URL: got "mqtt://"; it wants a URL such as mqtt://host:1883, with mqtt://, mqtts://, ws:// or wss://',
    ],
    [
      "a password in a bad URL",
      { MQTT_URL: "mqtt://me:se/cr@t@broker:port" },
      'MQTT_URL: got "mqtt://***@broker:port"; it wants a URL such as mqtt://host:1883, with mqtt://, mqtts://, ws:// or wss://',
    ],
    [
      "a password that is not escaped",
      { MQTT_URL: "mqtt://me:#secret@broker" },
      'MQTT_URL: got "mqtt://***@broker"; it wants a URL such as mqtt://host:1883, with mqtt://, mqtts://, ws:// or wss://',
    ],
    [
      "another database",
      { EVENT_STORE_URL: "mongo:u:secret@host" },
      'EVENT_STORE_URL: got "mongo:***@host"; it wants sqlite: and the path of a file, postgres://user:password@host/database, or esdb://user:password@host:2113',
    ],
    [
      "a database in memory",
      { EVENT_STORE_URL: "sqlite::memory:" },
      'EVENT_STORE_URL: got "sqlite::memory:"; it wants sqlite: and the path of a file, postgres://user:password@host/database, or esdb://user:password@host:2113',
    ],
    [
      "a short token",
      { ADMIN_TOKEN: "hunter2" },
      "ADMIN_TOKEN: got a value that is not shown here; it wants text of at least 16 characters",
    ],
    [
      "a token file that is not there",
      { ADMIN_TOKEN_FILE: "/nowhere" },
      'ADMIN_TOKEN_FILE: got "/nowhere"; it wants a readable file that holds the secret (no such file)',
    ],
    [
      "an empty password file",
      { MQTT_PASSWORD_FILE: "empty" },
      'MQTT_PASSWORD_FILE: got "empty"; it wants a readable file that holds the secret (the file is empty)',
    ],
    [
      "a secret twice",
      { MQTT_PASSWORD: "x", MQTT_PASSWORD_FILE: "pw" },
      "MQTT_PASSWORD: got both MQTT_PASSWORD and MQTT_PASSWORD_FILE; it wants one of them",
    ],
    [
      "a certificate without its key",
      { MQTT_CERTFILE: "pw" },
      "MQTT_KEYFILE: got nothing although MQTT_CERTFILE is set; it wants both of them or neither",
    ],
    [
      "a key without its certificate",
      { MQTT_KEYFILE: "pw" },
      "MQTT_CERTFILE: got nothing although MQTT_KEYFILE is set; it wants both of them or neither",
    ],
    [
      "authorities that are not there",
      { MQTT_CA_CERTS: "ca.pem" },
      'MQTT_CA_CERTS: got "ca.pem"; it wants a readable file (no such file)',
    ],
    [
      "a config file that is not there",
      { SLUICE_CONFIG: "none.yaml" },
      'SLUICE_CONFIG: got "none.yaml"; it wants a readable file (no such file)',
    ],
    [
      "one port for two",
      { ADMIN_PORT: "1883" },
      "ADMIN_PORT: got 1883, as EMBEDDED_BROKER_PORT; it wants a port of its own",
    ],
    [
      "half of the older gateway's database",
      { DB_HOST: "db.example", DB_NAME: "telemetry", DB_PASSWORD: "x" },
      "DB_USER: got nothing although DB_HOST is set; it wants all of DB_NAME, DB_USER and DB_PASSWORD",
    ],
    [
      "one file for two stores",
      { EVENT_STORE_URL: "sqlite:a.db", PROJECTION_URL: "sqlite:./x/../a.db" },
      "PROJECTION_URL: got the file of EVENT_STORE_URL; it wants a file of its own",
    ],
  ];
  for (const [name, env, error] of table) {
    it(name, () => {
      assert.deepEqual(errors({ env }, { "/somewhere/pw": "x", "/somewhere/empty": "\n" }), [error]);
    });
  }

  it("reports everything at once, flags by their own name", () => {
    assert.deepEqual(
      errors(
        { flags: { adminPort: "x" }, env: { MQTT_KEEPALIVE: "y", SLUICE_CONFIG: "c.json" } },
        { "/somewhere/c.json": '{"logLevel": 3, "mqtt_client_id": 12}' },
      ),
      [
        "MQTT_CLIENT_ID: got 12 (mqtt_client_id in c.json); it wants text of 1 to 65535 characters, in quotes",
        'MQTT_KEEPALIVE: got "y"; it wants a whole number from 0 to 65535',
        'ADMIN_PORT: got "x" (--admin-port); it wants a whole number from 0 to 65535',
        "LOG_LEVEL: got 3 (logLevel in c.json); it wants one of fatal, error, warn, info, debug, trace, silent",
      ],
    );
  });
});

describe("configuration: warnings", () => {
  const table: readonly [string, Record<string, string>, readonly string[]][] = [
    [
      "a misspelt variable",
      { MQTT_USRNAME: "me", ADMNI_PORT: "1" },
      ["MQTT_USRNAME is not read: did you mean MQTT_USERNAME?", "ADMNI_PORT is not read: did you mean ADMIN_PORT?"],
    ],
    ["a name that others use", { MQTT_HOST: "a", HOME: "b", LOG_LEVELS: "c", LOG_LEVEL: "info" }, []],
    [
      "a file for what is no secret",
      { MQTT_USERNAME_FILE: "x" },
      ["MQTT_USERNAME_FILE is not read: MQTT_USERNAME is no secret, set it itself"],
    ],
    [
      "TLS without authorities",
      { MQTT_URL: "mqtts://broker" },
      ["TLS without MQTT_CA_CERTS: the broker's certificate is checked against the well-known authorities only"],
    ],
    [
      "authorities without TLS",
      { MQTT_URL: "mqtt://broker", MQTT_CA_CERTS: "ca" },
      ["MQTT_CA_CERTS and MQTT_CERTFILE have no effect without TLS: use mqtts://, wss:// or MQTT_USE_TLS"],
    ],
    [
      "a password in clear text",
      { MQTT_URL: "mqtt://broker", MQTT_USERNAME: "me", MQTT_PASSWORD: "x" },
      ["the password goes to broker in clear text: use mqtts://, wss:// or MQTT_USE_TLS"],
    ],
    ["a password on this machine", { MQTT_URL: "mqtt://127.0.0.1", MQTT_USERNAME: "me", MQTT_PASSWORD: "x" }, []],
    [
      "a password without a user",
      { MQTT_URL: "mqtt://[::1]", MQTT_PASSWORD: "x" },
      ["MQTT_PASSWORD without MQTT_USERNAME: MQTT 3.1.1 has no such login [MQTT-3.1.2-22]"],
    ],
    [
      "settings that the embedded broker has no use for",
      { MQTT_USERNAME: "me", MQTT_USE_TLS: "yes" },
      [
        "MQTT_USE_TLS is for the brokers in mqtt_servers alone: the embedded one speaks no TLS",
        "the embedded broker lets everybody in: it takes both MQTT_USERNAME and MQTT_PASSWORD to change that",
      ],
    ],
    ["a login for the embedded broker", { MQTT_USERNAME: "me", MQTT_PASSWORD: "x" }, []],
  ];
  for (const [name, env, warnings] of table) {
    it(name, () => assert.deepEqual(loaded({ env }, { "/somewhere/ca": "x" }).warnings, warnings));
  }
});
