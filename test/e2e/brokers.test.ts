/** Several brokers at once, changed by SQL while the gateway runs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import mqtt from "mqtt";
import {
  allConnected,
  type BrokerHealth,
  brokersOf,
  deviceAt,
  originsOf,
  reasonsOf,
  receives,
  sluice,
  storingFlow,
} from "../support/broker-health.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Mosquitto, type MosquittoOptions, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { passwordFile } from "../support/mosquitto-users.ts";
import { requireService } from "../support/services.ts";

const secrets = { north: "north-secret-7f3a", south: "south-secret-c41e", wrong: "wrong-secret-99d0" };

const withUsers = (users: Readonly<Record<string, string>>): MosquittoOptions => ({
  persistence: true,
  config: ["allow_anonymous false", "password_file {dir}/users"],
  files: { users: passwordFile(users) },
});

/** One statement on the embedded projection, as an operator's `sqlite3` would do it. */
const sql = (gateway: GatewayProcess, statement: string, ...values: SQLInputValue[]): void => {
  const database = new DatabaseSync(join(gateway.dataDir, "projection.db"), { timeout: 5_000 });
  try {
    database.prepare(statement).run(...values);
  } finally {
    database.close();
  }
};

const reload = async (gateway: GatewayProcess) => {
  const { status, body } = await gateway.api("/api/v1/reload", { method: "POST" });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

const connects = async (gateway: GatewayProcess, broker: string): Promise<number> =>
  (await gateway.metric("sluice_broker_connects_total")).get(`broker="${broker}"`) ?? 0;

describe("brokers in mqtt_servers", () => {
  let north: Mosquitto;
  let south: Mosquitto;
  let gateway: GatewayProcess;
  const devices: mqtt.MqttClient[] = [];
  const insert = (name: "north" | "south", { port }: Mosquitto, isDefault: boolean) =>
    sql(
      gateway,
      "INSERT INTO mqtt_servers (host, port, username, password, enabled, is_default) VALUES ('127.0.0.1', ?, ?, ?, 1, ?)",
      port,
      name,
      secrets[name],
      isDefault ? 1 : 0,
    );
  const update = (port: number, change: string, ...values: SQLInputValue[]) =>
    sql(gateway, `UPDATE mqtt_servers SET ${change} WHERE port = ?`, ...values, port);
  const publish = (index: 0 | 1) =>
    (devices[index] as mqtt.MqttClient).publishAsync("readings/a", '{"n":1}', { qos: 1 });
  let southName = "";

  before(async () => {
    if (!mosquittoProgram) return;
    [north, south] = await Promise.all([
      startMosquitto(withUsers({ north: secrets.north, device: "device" })),
      startMosquitto(withUsers({ south: secrets.south, device: "device" })),
    ]);
    gateway = new GatewayProcess({ env: { LOG_LEVEL: "trace" } });
    await gateway.start();
    sql(gateway, "DELETE FROM mqtt_servers");
    devices.push(
      await deviceAt(null, north.url, ["device", "device"]),
      await deviceAt(null, south.url, ["device", "device"]),
    );
    await gateway.define(storingFlow("EVERY", "*"));
    await gateway.define(storingFlow("DEFAULT", "default"));
  });

  after(async () => {
    if (!mosquittoProgram) return;
    for (const device of devices) await device.endAsync(true);
    await gateway.dispose();
    await Promise.all([north.kill(), south.kill()]);
  });

  it("takes the place of the embedded broker, each with its own credentials and name", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const [embedded] = await brokersOf(gateway);
    assert.equal(embedded?.connected, true);
    insert("north", north, true);
    insert("south", south, false);
    await reload(gateway);
    const names = (await brokersOf(gateway)).map(({ name }) => name);
    assert.equal(names[0], "default");
    southName = names[1] as string;
    assert.match(southName, /^mqtt-server-\d+$/);
    await allConnected(gateway, ["default", southName]);
    assert.deepEqual(
      (await brokersOf(gateway)).map(({ url, protocolVersion }) => [url, protocolVersion]),
      [
        [north.url, 5],
        [south.url, 5],
      ],
    );
    await assert.rejects(mqtt.connectAsync(embedded?.url as string, { reconnectPeriod: 0 }), /ECONNREFUSED/);
    await eventually(
      async () => (await gateway.metric("sluice_broker_subscriptions")).get(`broker="${southName}"`) === 1,
      "subscribed in the south",
    );
    await publish(0);
    await publish(1);
    await receives(gateway, "EVERY", 2);
    assert.deepEqual((await originsOf(gateway, "EVERY")).sort(), ["default", southName]);
    assert.deepEqual(await originsOf(gateway, "DEFAULT"), ["default"]);
  });

  it("leaves one and keeps the other connected; what came meanwhile is there when it is back", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const before = await connects(gateway, "default");
    update(south.port, "enabled = 0");
    await reload(gateway);
    await allConnected(gateway, ["default"]);
    await publish(0);
    await publish(1);
    await receives(gateway, "EVERY", 3);
    update(south.port, "enabled = 1");
    await reload(gateway);
    await receives(gateway, "EVERY", 4);
    assert.deepEqual((await originsOf(gateway, "EVERY")).slice(2), ["default", southName]);
    assert.equal(await connects(gateway, "default"), before);
    assert.equal(before, 1);
  });

  it("is examined by sluice doctor as it is, though the configuration knows no credentials", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const { told } = await sluice(["doctor"], { DATA_DIR: gateway.dataDir });
    assert.match(told, /broker +those in mqtt_servers/);
    assert.doesNotMatch(told, /not authorized/i);
  });

  it("says that credentials are refused, without saying them, and takes the right ones", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    update(south.port, "password = ?", secrets.wrong);
    await reload(gateway);
    const [reason] = await eventually(async () => {
      const reasons = await reasonsOf(gateway, "broker-disconnected");
      return /not authorized/i.test(reasons[0] ?? "") && reasons;
    }, "refused");
    assert.match(reason as string, new RegExp(`^broker ${southName}: `));
    update(south.port, "password = ?", secrets.south);
    await reload(gateway);
    await allConnected(gateway, ["default", southName]);
    assert.equal(await connects(gateway, "default"), 1);
  });

  it("keeps what works when a row makes no sense any more, and tells of it", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    update(south.port, "keyfile = '/nowhere/key.pem'");
    await reload(gateway);
    assert.match((await reasonsOf(gateway, "broker-misconfigured")).join(), /certfile and keyfile go together/);
    await allConnected(gateway, ["default", southName]);
    update(south.port, "keyfile = NULL");
    await reload(gateway);
    assert.deepEqual(await reasonsOf(gateway, "broker-misconfigured"), []);
  });

  it("comes back to the embedded broker when there is no row left", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    sql(gateway, "UPDATE mqtt_servers SET enabled = 0");
    await reload(gateway);
    const [embedded] = await brokersOf(gateway);
    // Where the command line looks for it.
    assert.equal(JSON.parse(readFileSync(join(gateway.dataDir, "gateway.json"), "utf8")).brokerUrl, embedded?.url);
    const device = await mqtt.connectAsync((embedded as BrokerHealth).url, { protocolVersion: 4 });
    t.after(() => device.endAsync(true));
    const count = (await originsOf(gateway, "EVERY")).length;
    await device.publishAsync("readings/b", '{"n":1}', { qos: 1 });
    await receives(gateway, "EVERY", count + 1);
  });

  it("tells no password, anywhere", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const answers = await Promise.all(
      ["/health", "/metrics", "/api/v1/flows", "/api/v1/events?limit=1000", "/documentation/json"].map(async (path) =>
        JSON.stringify((await gateway.api(path)).body),
      ),
    );
    answers.push(JSON.stringify(await reload(gateway)));
    const told = [gateway.output, readFileSync(join(gateway.dataDir, "gateway.json"), "utf8"), ...answers].join("\n");
    assert.ok(told.includes("brokers changed"), "the log is in it");
    for (const secret of Object.values(secrets)) assert.ok(!told.includes(secret), secret);
  });
});
