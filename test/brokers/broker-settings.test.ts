/** From rows of `mqtt_servers` to brokers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RemoteBrokerSettings, settingsOfServers } from "@sluice/app";
import type { Configuration } from "@sluice/contracts";
import type { MqttServerRow } from "@sluice/domain";

const configuration = (more: Partial<Configuration> = {}): Configuration =>
  ({
    mqttClientId: "gateway",
    mqttKeepalive: 60,
    mqttUseTls: false,
    embeddedBrokerPort: 1883,
    ...more,
  }) as Configuration;

const row = (id: number, more: Partial<MqttServerRow> = {}): MqttServerRow => ({
  id,
  host: `host-${id}`,
  port: 1883,
  username: null,
  password: null,
  enabled: true,
  isDefault: false,
  protocol: null,
  caCerts: null,
  certfile: null,
  keyfile: null,
  ...more,
});

const only = (given: MqttServerRow, more: Partial<Configuration> = {}): RemoteBrokerSettings => {
  const { brokers, faults } = settingsOfServers([given], configuration(more));
  assert.deepEqual(faults, []);
  assert.equal(brokers.length, 1);
  return brokers[0] as RemoteBrokerSettings;
};

const faultOf = (given: MqttServerRow): string => {
  const { brokers, faults } = settingsOfServers([given], configuration());
  assert.deepEqual(brokers, []);
  return faults[0]?.message ?? "";
};

describe("brokers of the rows", () => {
  it("names the default one, and the others by their ids", () => {
    const names = (rows: MqttServerRow[]) =>
      settingsOfServers(rows, configuration()).brokers.map((broker) =>
        broker.kind === "remote" ? [broker.name, broker.clientId, broker.url] : [broker.name],
      );
    assert.deepEqual(names([row(3), row(1, { enabled: false }), row(2)]), [
      ["default", "gateway", "mqtt://host-2:1883"],
      ["mqtt-server-3", "gateway-3", "mqtt://host-3:1883"],
    ]);
    assert.deepEqual(names([row(1), row(2, { isDefault: true }), row(3, { isDefault: true })]), [
      ["default", "gateway", "mqtt://host-2:1883"],
      ["mqtt-server-3", "gateway-3", "mqtt://host-3:1883"],
      ["mqtt-server-1", "gateway-1", "mqtt://host-1:1883"],
    ]);
  });

  it("are the one of MQTT_URL where it is set, and the embedded one where no row is enabled", () => {
    const { brokers } = settingsOfServers([row(1)], configuration({ mqttUrl: "mqtts://u:p@host", mqttUsername: "v" }));
    assert.deepEqual(brokers, [
      {
        kind: "remote",
        name: "default",
        url: "mqtts://u:p@host",
        clientId: "gateway",
        keepaliveSeconds: 60,
        username: "v",
        tls: { force: false },
      },
    ]);
    const credentials = { mqttUsername: "user", mqttPassword: "password" };
    assert.deepEqual(settingsOfServers([row(1, { enabled: false })], configuration(credentials)).brokers, [
      {
        kind: "embedded",
        name: "default",
        port: 1883,
        credentials: { username: "user", password: "password" },
      },
    ]);
  });

  it("have credentials of their own, both or none, and never those of the configuration", () => {
    const elsewhere = { mqttUsername: "other", mqttPassword: "secret" };
    const { username, password } = only(row(1, { username: "u", password: "p" }), elsewhere);
    assert.deepEqual([username, password], ["u", "p"]);
    for (const half of [{}, { username: "u" }, { password: "p" }, { username: "u", password: "" }]) {
      const settings = only(row(1, half), elsewhere);
      assert.ok(!("username" in settings) && !("password" in settings), JSON.stringify(half));
    }
  });

  it("take from the configuration what they do not say of TLS, a certificate and its key as a pair", () => {
    const files = { mqttCaCerts: "ca", mqttCertfile: "cert", mqttKeyfile: "key" };
    assert.deepEqual(only(row(1), { ...files, mqttUseTls: true }).tls, {
      force: true,
      ca: "ca",
      cert: "cert",
      key: "key",
    });
    const own = row(1, { protocol: "mqtt", caCerts: "own-ca", certfile: "own-cert", keyfile: "own-key" });
    assert.deepEqual(only(own, { ...files, mqttUseTls: true }).tls, {
      force: false,
      ca: "own-ca",
      cert: "own-cert",
      key: "own-key",
    });
  });

  it("may have any scheme, an IPv6 address, and a path with WebSockets", () => {
    assert.equal(only(row(1, { protocol: "mqtts", port: 8883 })).url, "mqtts://host-1:8883");
    assert.equal(only(row(1, { host: "::1" })).url, "mqtt://[::1]:1883");
    assert.equal(only(row(1, { host: "[::1]" })).url, "mqtt://[::1]:1883");
    assert.equal(only(row(1, { host: "h/mqtt", protocol: "wss", port: 443 })).url, "wss://h:443/mqtt");
  });

  it("are told of when they make no sense, and hand their name to nobody", () => {
    const cases: [Partial<MqttServerRow>, RegExp][] = [
      [{ host: "" }, /host is empty/],
      [{ host: "  " }, /host is empty/],
      [{ host: "a b" }, /host name or address/],
      [{ host: "mqtt://user:hunter2@host" }, /host name or address/],
      [{ host: "host/path" }, /only ws and wss/],
      [{ host: "host:1883" }, /host name or address/],
      [{ port: 0 }, /port 0/],
      [{ port: 65_536 }, /port 65536/],
      [{ port: 18.5 }, /port 18.5/],
      [{ protocol: "http" }, /"http" is none of mqtt, mqtts, ws, wss/],
      [{ protocol: "" }, /"" is none of/],
      [{ certfile: "cert" }, /certfile and keyfile/],
      [{ keyfile: "key" }, /certfile and keyfile/],
    ];
    for (const [change, message] of cases) {
      const told = faultOf(row(7, change));
      assert.match(told, message, JSON.stringify(change));
      assert.match(told, /^row 7 of mqtt_servers: /);
      assert.ok(!told.includes("hunter2"));
    }
    const { brokers, faults } = settingsOfServers([row(1, { port: 0 }), row(2)], configuration());
    assert.deepEqual(
      brokers.map(({ name }) => name),
      ["mqtt-server-2"],
    );
    assert.deepEqual(
      faults.map(({ name }) => name),
      ["default"],
    );
  });
});
