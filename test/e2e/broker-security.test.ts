/** Brokers reached over TLS and WebSockets; and secrets that stay secret. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { allConnected, deviceAt, reasonsOf, receives, sluice, storingFlow } from "../support/broker-health.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Mosquitto, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { passwordFile } from "../support/mosquitto-users.ts";
import { freePort } from "../support/ports.ts";
import { selfSigned } from "../support/self-signed.ts";
import { requireService } from "../support/services.ts";

const WRONG = "wrong-secret-51aa";

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
      await gateway.define(storingFlow("READINGS", "default"));
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
    const wrong = `mqtt://gateway:${encodeURIComponent(WRONG)}@127.0.0.1:${broker.port}`;
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
      for (const secret of [password, encodeURIComponent(password), WRONG]) {
        for (const text of told) assert.ok(!text.includes(secret), `${name}: ${text.slice(0, 2_000)}`);
      }
    }
  });
});
