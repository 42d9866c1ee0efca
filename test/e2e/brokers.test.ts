/** Several brokers at once, changed by SQL while the gateway runs; TLS of every kind; and secrets that stay secret. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { after, before, describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Mosquitto, type MosquittoOptions, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { passwordFile } from "../support/mosquitto-users.ts";
import { freePort } from "../support/ports.ts";
import { selfSigned } from "../support/self-signed.ts";
import { requireService } from "../support/services.ts";

const MAIN = join(import.meta.dirname, "../../packages/app/src/main.ts");
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

/** The command line's own answer. */
const sluice = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly told: string }> => {
  const { PATH = "", HOME = "" } = process.env;
  const run = promisify(execFile)(process.execPath, [MAIN, ...args], { env: { PATH, HOME, ...env } });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, told: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, told: stdout + stderr }),
  );
};

interface BrokerHealth {
  readonly name: string;
  readonly url: string;
  readonly connected: boolean;
  readonly protocolVersion: number | null;
  readonly lastError: string | null;
}

const brokersOf = async (gateway: GatewayProcess): Promise<BrokerHealth[]> =>
  (await gateway.api("/health")).body.brokers;

const reasonsOf = async (gateway: GatewayProcess, code: string): Promise<string[]> =>
  (await gateway.api("/health")).body.reasons
    .filter((reason: { code: string }) => reason.code === code)
    .map((reason: { message: string }) => reason.message);

const allConnected = (gateway: GatewayProcess, names: readonly string[]) =>
  eventually(
    async () => {
      const brokers = await brokersOf(gateway);
      const connected = brokers.filter(({ connected }) => connected).map(({ name }) => name);
      return brokers.length === names.length && names.every((name) => connected.includes(name));
    },
    `connected: ${names.join(", ")}`,
  );

const reload = async (gateway: GatewayProcess) => {
  const { status, body } = await gateway.api("/api/v1/reload", { method: "POST" });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

const connects = async (gateway: GatewayProcess, broker: string): Promise<number> =>
  (await gateway.metric("sluice_broker_connects_total")).get(`broker="${broker}"`) ?? 0;

/** Where each message of the flow came from, oldest first. */
const originsOf = async (gateway: GatewayProcess, flow: string): Promise<string[]> =>
  (await gateway.all(`/api/v1/events?flow=${flow}&type=MessageReceived`)).map(({ data }) => data.broker);

const receives = (gateway: GatewayProcess, flow: string, count: number) =>
  eventually(async () => (await originsOf(gateway, flow)).length >= count, `${count} messages of ${flow}`);

const flow = (code: string, broker: string) => ({
  code,
  broker,
  topic: "readings/+",
  actions: [{ type: "STORE_DB" }],
});

const deviceAt = async (t: TestContext | null, url: string, user?: readonly [string, string]) => {
  const credentials = user === undefined ? {} : { username: user[0], password: user[1] };
  const device = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 50, ...credentials });
  t?.after(() => device.endAsync(true));
  return device;
};

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
    await gateway.define(flow("EVERY", "*"));
    await gateway.define(flow("DEFAULT", "default"));
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

describe("TLS and WebSockets", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-brokers-"));
  const file = (name: string): string => join(directory, name);
  const server = selfSigned();
  const client = selfSigned(["the gateway"]);
  const password = "tls-secret-5b0d/%:@";
  let broker: Mosquitto;
  let ports: { readonly mqtts: number; readonly ws: number; readonly wss: number };

  before(async () => {
    if (!mosquittoProgram) return;
    writeFileSync(file("ca.pem"), server.cert);
    writeFileSync(file("other-ca.pem"), selfSigned().cert);
    writeFileSync(file("client.pem"), client.cert);
    writeFileSync(file("client.key"), client.key);
    writeFileSync(file("password"), `${password}\n`);
    ports = { mqtts: await freePort(), ws: await freePort(), wss: await freePort() };
    const tls = ["certfile {dir}/server.pem", "keyfile {dir}/server.key"];
    broker = await startMosquitto({
      files: {
        "server.pem": server.cert,
        "server.key": server.key,
        "clients.pem": client.cert,
        users: passwordFile({ gateway: password, device: "device" }),
      },
      config: [
        "allow_anonymous false",
        "password_file {dir}/users",
        `listener ${ports.mqtts} 127.0.0.1`,
        ...tls,
        "cafile {dir}/clients.pem",
        "require_certificate true",
        `listener ${ports.ws} 127.0.0.1`,
        "protocol websockets",
        `listener ${ports.wss} 127.0.0.1`,
        "protocol websockets",
        ...tls,
      ],
    });
  });

  after(async () => {
    rmSync(directory, { recursive: true });
    if (mosquittoProgram) await broker.kill();
  });

  const start = async (t: TestContext, env: Readonly<Record<string, string>>): Promise<GatewayProcess> => {
    const gateway = new GatewayProcess({
      env: { LOG_LEVEL: "trace", MQTT_USERNAME: "gateway", MQTT_PASSWORD_FILE: file("password"), ...env },
    });
    t.after(() => gateway.dispose());
    await gateway.start();
    return gateway;
  };
  const mutual = () => ({ MQTT_CERTFILE: file("client.pem"), MQTT_KEYFILE: file("client.key") });

  const schemes = (): Record<string, { readonly url: string; readonly env: Readonly<Record<string, string>> }> => ({
    "mqtts with a client certificate": {
      url: `mqtts://localhost:${ports.mqtts}`,
      env: { MQTT_CA_CERTS: file("ca.pem"), ...mutual() },
    },
    ws: { url: `ws://localhost:${ports.ws}/mqtt`, env: {} },
    wss: { url: `wss://localhost:${ports.wss}/mqtt`, env: { MQTT_CA_CERTS: file("ca.pem") } },
  });

  for (const name of ["mqtts with a client certificate", "ws", "wss"]) {
    it(`takes messages over ${name}`, async (t) => {
      if (!requireService(t, "mosquitto", mosquittoProgram)) return;
      const { url, env } = schemes()[name] as ReturnType<typeof schemes>[string];
      const gateway = await start(t, { MQTT_URL: url, MQTT_CLIENT_ID: `gateway-${name.slice(0, 5).trim()}`, ...env });
      await allConnected(gateway, ["default"]);
      assert.equal((await gateway.api("/health")).body.statistics.tls_enabled, name !== "ws");
      await gateway.define(flow("READINGS", "default"));
      await eventually(
        async () => (await gateway.metric("sluice_broker_subscriptions")).get('broker="default"') === 1,
        "subscribed",
      );
      const device = await deviceAt(t, broker.url, ["device", "device"]);
      await device.publishAsync("readings/a", '{"n":1}', { qos: 2 });
      await receives(gateway, "READINGS", 1);
    });
  }

  it("says what is wrong with a certificate that its CA has not signed, and connects to nobody", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const gateway = await start(t, {
      MQTT_URL: `mqtts://localhost:${ports.mqtts}`,
      MQTT_CA_CERTS: file("other-ca.pem"),
      ...mutual(),
    });
    const [reason] = await eventually(async () => {
      const reasons = await reasonsOf(gateway, "broker-disconnected");
      return /certificate/.test(reasons[0] ?? "") && reasons;
    }, "the certificate is refused");
    assert.match(reason as string, /self-signed certificate|unable to verify/);
    assert.equal((await gateway.api("/health/ready")).status, 503);
  });

  it("refuses half of a client certificate before it starts", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const result = await sluice(["start"], {
      DATA_DIR: file("data"),
      MQTT_URL: "mqtts://localhost",
      MQTT_CERTFILE: file("client.pem"),
    });
    assert.equal(result.code, 2);
    assert.match(result.told, /MQTT_KEYFILE/);
  });

  it("tells no password of the URL or of a file: not in logs, answers or the command line", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const url = `mqtt://gateway:${encodeURIComponent(password)}@127.0.0.1:${broker.port}`;
    const wrong = `mqtt://gateway:${encodeURIComponent(secrets.wrong)}@127.0.0.1:${broker.port}`;
    const environments = {
      url: { MQTT_URL: url },
      wrong: { MQTT_URL: wrong },
      file: { MQTT_URL: broker.url, MQTT_USERNAME: "gateway", MQTT_PASSWORD_FILE: file("password") },
    };
    for (const [name, env] of Object.entries(environments)) {
      const gateway = new GatewayProcess({ env: { LOG_LEVEL: "trace", LOG_DIR: "", ...env } });
      t.after(() => gateway.dispose());
      await gateway.start();
      if (name === "wrong") {
        await eventually(async () => (await reasonsOf(gateway, "broker-disconnected")).length > 0, "refused");
      } else await allConnected(gateway, ["default"]);
      const answers = await Promise.all(
        ["/health", "/metrics", "/documentation/json"].map(async (path) =>
          JSON.stringify((await gateway.api(path)).body),
        ),
      );
      const commands = await Promise.all(
        [["config"], ["config", "--json"], ["doctor"]].map((args) =>
          sluice(args, { DATA_DIR: gateway.dataDir, ...env }),
        ),
      );
      const kept = readdirSync(gateway.dataDir)
        .filter((entry) => /\.json$|\.log/.test(entry))
        .map((entry) => readFileSync(join(gateway.dataDir, entry), "utf8"));
      const told = [gateway.output, ...answers, ...kept, ...commands.map((command) => command.told)];
      assert.ok(told.every((text) => text !== ""));
      for (const secret of [password, encodeURIComponent(password), secrets.wrong]) {
        for (const text of told) assert.ok(!text.includes(secret), `${name}: ${text.slice(0, 2_000)}`);
      }
    }
  });
});
