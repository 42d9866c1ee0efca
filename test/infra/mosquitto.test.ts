/** The broker as infra/ ships it: who gets in, who may do what, and a gateway behind it. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import mqtt from "mqtt";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { selfSigned } from "../support/self-signed.ts";
import { requireService } from "../support/services.ts";
import { makeSecrets, missingPrograms, type ShippedBroker, startShippedBroker } from "./shipped-broker.ts";

const name = missingPrograms.join(", ") || "mosquitto";
const available = missingPrograms.length === 0;

describe("mosquitto with the configuration of infra", () => {
  let broker: ShippedBroker;
  const clients: mqtt.MqttClient[] = [];

  before(async () => {
    if (available) broker = await startShippedBroker(["7", "d.8"]);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await broker?.stop();
  });

  const connect = async (username?: string, options: mqtt.IClientOptions = {}): Promise<mqtt.MqttClient> => {
    const file = username === "gateway" || username === "health" ? `mqtt-${username}` : `devices/${username}`;
    const client = await mqtt.connectAsync(
      `mqtts://127.0.0.1:${broker.tlsPort}`,
      {
        protocolVersion: 5,
        reconnectPeriod: 0,
        connectTimeout: 5_000,
        ca: broker.secret("ca.crt"),
        ...(username === undefined ? {} : { username, password: broker.secret(`${file}.password`) }),
        ...options,
      },
      false,
    );
    clients.push(client);
    return client;
  };

  /** Reason code of the PUBACK; MQTT.js takes those of 128 and above for errors. */
  const publish = async (client: mqtt.MqttClient, topic: string): Promise<number> => {
    try {
      const packet = await client.publishAsync(topic, "{}", { qos: 1 });
      return (packet as { reasonCode?: number } | undefined)?.reasonCode ?? 0;
    } catch (error) {
      return (error as { code: number }).code;
    }
  };
  const NOT_AUTHORIZED = 0x87;

  it("lets nobody in without a name, on either listener, or with a wrong password", async (t) => {
    if (!requireService(t, name, available)) return;
    await assert.rejects(connect(), /Not authorized/);
    await assert.rejects(
      mqtt.connectAsync(`mqtt://127.0.0.1:${broker.plainPort}`, { protocolVersion: 5, reconnectPeriod: 0 }, false),
      /Not authorized/,
    );
    await assert.rejects(connect("7", { password: broker.secret("devices/d.8.password") }), /Not authorized/);
  });

  it("is believed by those who have its CA, and by nobody else", async (t) => {
    if (!requireService(t, name, available)) return;
    assert.ok((await connect("7")).connected);
    assert.ok((await connect("7", { servername: "mosquitto" })).connected);
    await assert.rejects(connect("7", { ca: selfSigned().cert }), /self-signed certificate|unable to/);
    await assert.rejects(connect("7", { ca: [] }), /self-signed certificate|unable to/);
  });

  it("lets a device write below its own name alone", async (t) => {
    if (!requireService(t, name, available)) return;
    assert.ok((await publish(await connect("7"), "devices/7/data")) < 0x80);
    for (const topic of ["devices/d.8/data", "devices/77/data", "devices", "commands/7/reboot"]) {
      // A client each: MQTT.js 5.16 sends no more after a PUBACK that refuses.
      assert.equal(await publish(await connect("7"), topic), NOT_AUTHORIZED, topic);
    }
    assert.ok((await publish(await connect("d.8"), "devices/d.8/data")) < 0x80);
  });

  it("gives a device nothing of others to read", async (t) => {
    if (!requireService(t, name, available)) return;
    const [reader, writer] = [await connect("7"), await connect("d.8")];
    const seen: string[] = [];
    reader.on("message", (topic) => seen.push(topic));
    await reader.subscribeAsync(["#", "devices/#", "$SYS/#"], { qos: 1 });
    const gateway = await connect("gateway");
    let reached = false;
    gateway.on("message", () => {
      reached = true;
    });
    await gateway.subscribeAsync("devices/#", { qos: 1 });
    await publish(writer, "devices/d.8/data");
    await eventually(() => reached, "the message reaches the gateway");
    // An answer to this comes after whatever the broker had to send before.
    await reader.unsubscribeAsync("#");
    assert.deepEqual(seen, []);
  });

  it("gives the gateway everything, by a shared subscription too, and lets it write nothing", async (t) => {
    if (!requireService(t, name, available)) return;
    const members = [await connect("gateway"), await connect("gateway")];
    const seen: string[] = [];
    for (const member of members) {
      member.on("message", (topic) => seen.push(topic));
      await member.subscribeAsync("$share/sluice/devices/+/shared", { qos: 1 });
    }
    const device = await connect("7");
    for (let i = 0; i < 10; i++) await publish(device, "devices/7/shared");
    await eventually(() => seen.length === 10, "ten messages, each at one of the two");
    assert.equal(await publish(members[0] as mqtt.MqttClient, "devices/7/data"), NOT_AUTHORIZED);
  });

  it("holds more than Mosquitto's thousand for a gateway that is away", async (t) => {
    if (!requireService(t, name, available)) return;
    const session = { clientId: "away", clean: false, properties: { sessionExpiryInterval: 600 } };
    const gateway = await connect("gateway", session);
    await gateway.subscribeAsync("devices/7/many", { qos: 1 });
    await gateway.endAsync();
    const device = await connect("7");
    const count = 3_000;
    await Promise.all(
      Array.from({ length: count }, (_, i) => device.publishAsync("devices/7/many", String(i), { qos: 1 })),
    );
    const seen = new Set<string>();
    const back = mqtt.connect(`mqtts://127.0.0.1:${broker.tlsPort}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      ca: broker.secret("ca.crt"),
      username: "gateway",
      password: broker.secret("mqtt-gateway.password"),
      ...session,
    });
    clients.push(back);
    back.on("message", (_, payload) => seen.add(payload.toString()));
    await eventually(() => seen.size === count, `${count} messages`);
  });

  it("carries a device's message to a gateway, over TLS, with names and passwords from files", async (t) => {
    if (!requireService(t, name, available)) return;
    const gateway = new GatewayProcess({
      env: {
        MQTT_URL: `mqtts://127.0.0.1:${broker.tlsPort}`,
        MQTT_CA_CERTS: join(broker.secrets, "ca.crt"),
        MQTT_USERNAME: "gateway",
        MQTT_PASSWORD_FILE: join(broker.secrets, "mqtt-gateway.password"),
      },
    });
    t.after(() => gateway.dispose());
    await gateway.start();
    await gateway.define({
      code: "DEVICES",
      topic: "devices/{device}/data",
      payloadSchema: { temperature: "float" },
      actions: [{ type: "STORE_DB" }],
    });
    await eventually(
      async () => (await gateway.api("/health")).body.statistics.active_subscriptions >= 1,
      "the subscription",
    );
    const device = await connect("7");
    await device.publishAsync("devices/7/data", '{"temperature":21.5}', { qos: 1 });
    const rows = await eventually(async () => {
      const items = await gateway.all("/api/v1/data?flow=DEVICES");
      return items.length > 0 && items;
    }, "a row");
    assert.deepEqual(
      rows.map(({ attribute, value }) => [attribute, value]),
      [["temperature", 21.5]],
    );
    assert.ok(!gateway.output.includes(broker.secret("mqtt-gateway.password")));
  });
});

describe("make-secrets.sh", () => {
  const contents = (directory: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((path) => [path, readFileSync(path, "utf8")]),
    );

  const temporary = (t: TestContext): string => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-secrets-"));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  };

  it("makes what is missing, leaves what is there, and lets nobody else read it", (t) => {
    if (!requireService(t, name, available)) return;
    const directory = temporary(t);
    makeSecrets(directory, "device", "a.b");
    const first = contents(directory);
    makeSecrets(directory, "device", "a.b");
    assert.deepEqual(contents(directory), first);

    for (const path of Object.keys(first)) {
      const mode = statSync(path).mode & 0o777;
      assert.equal(mode, path.endsWith("ca.crt") ? 0o644 : 0o600, path);
    }
    // "." in a name is no pattern: the user aXb is another one.
    makeSecrets(directory, "device", "aXb");
    rmSync(join(directory, "mqtt-gateway.password"));
    makeSecrets(directory);
    const later = contents(directory);
    const changed = Object.keys(later).filter((path) => later[path] !== first[path]);
    assert.deepEqual(
      changed.map((path) => path.slice(directory.length + 1)),
      ["devices/aXb.password", "mosquitto.passwords", "mqtt-gateway.password"],
    );
    const users = readFileSync(join(directory, "mosquitto.passwords"), "utf8").trim().split("\n");
    assert.deepEqual(users.map((line) => line.split(":")[0]).sort(), ["a.b", "aXb", "gateway", "health"]);
    assert.ok(
      users.every((line) => /^[^:]+:\$\d\$/.test(line)),
      "hashes, no passwords",
    );
  });

  it("refuses names that would reach beyond the device's own topics", (t) => {
    if (!requireService(t, name, available)) return;
    const directory = temporary(t);
    for (const bad of ["a/b", "+", "#", "a:b", "a\nb", "", "gateway", "../x"]) {
      assert.throws(() => makeSecrets(directory, "device", "good", bad), /wants only letters|is taken/, bad);
    }
    assert.deepEqual(readdirSync(directory), []);
  });
});
