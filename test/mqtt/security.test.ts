/** TLS, client certificates, WebSockets, credentials; and that no secret is told. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createServer, type TlsOptions } from "node:tls";
import { EmbeddedBroker } from "@sluice/adapter-broker";
import { MqttMessageSource, type MqttSourceOptions } from "@sluice/adapter-mqtt";
import { Consumer, connectDevice, connected, ready, until } from "../conformance/message-source-support.ts";
import { FakeBroker, politely } from "../support/fake-broker.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { selfSigned } from "../support/self-signed.ts";
import { requireService } from "../support/services.ts";
import { WebSocketGate } from "../support/websocket-gate.ts";

/** Takes TLS connections and passes on what is inside. */
const terminate = async (t: TestContext, options: TlsOptions, port: number): Promise<number> => {
  const server = createServer(options, (secure) => {
    const plain = connect(port, "127.0.0.1");
    secure.pipe(plain).pipe(secure);
    secure.on("error", () => plain.destroy());
    plain.on("error", () => secure.destroy());
    t.after(() => secure.destroy());
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
};

const portOf = (url: string): number => Number(new URL(url).port);

const open = (t: TestContext, options: Partial<MqttSourceOptions> & { url: string }): MqttMessageSource => {
  const source = new MqttMessageSource({
    clientId: "security",
    backoff: { initialSeconds: 0.01, maximumSeconds: 0.02 },
    ...options,
  });
  t.after(() => source.stop());
  return source;
};

const fake = async (t: TestContext): Promise<FakeBroker> => {
  const broker = await FakeBroker.start(politely);
  t.after(() => broker.stop());
  return broker;
};

describe("TLS", () => {
  it("accepts a certificate of the CA it was given, as text or as a file", async (t) => {
    const broker = await fake(t);
    const { key, cert } = selfSigned();
    const port = await terminate(t, { key, cert }, portOf(broker.url));
    const directory = await mkdtemp(join(tmpdir(), "sluice-tls-"));
    t.after(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, "ca.pem"), cert);
    for (const [url, ca] of [
      [`mqtts://localhost:${port}`, cert],
      [`mqtts://127.0.0.1:${port}`, join(directory, "ca.pem")],
    ] as const) {
      const source = open(t, { url, tls: { ca } });
      await source.start();
      await connected(source);
      assert.equal(source.status().tls, true);
      await source.stop();
    }
  });

  it("refuses a certificate of nobody, of another host, and one that has expired", async (t) => {
    const broker = await fake(t);
    const cases = [
      { served: selfSigned(), trusted: undefined, reason: /self-signed|unable to verify/i },
      { served: selfSigned(["elsewhere"], ["10.0.0.1"]), trusted: "its own", reason: /not in the cert|altnames/i },
      { served: selfSigned(["localhost"], ["127.0.0.1"], "expired"), trusted: "its own", reason: /expired/i },
    ] as const;
    for (const { served, trusted, reason } of cases) {
      const port = await terminate(t, served, portOf(broker.url));
      const tls = trusted === undefined ? {} : { ca: served.cert };
      const source = open(t, { url: `mqtts://localhost:${port}`, tls });
      await source.start();
      await until("an error", () => source.status().lastError !== null);
      assert.match(source.status().lastError ?? "", reason);
      assert.equal(source.status().connected, false);
      await source.stop();
    }
    assert.equal(broker.connections.length, 0);
  });

  it("shows its own certificate, and takes any when told to", async (t) => {
    const broker = await fake(t);
    const server = selfSigned();
    const client = selfSigned(["the gateway"]);
    const options = { ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert };
    const port = await terminate(t, options, portOf(broker.url));
    const url = `mqtt://localhost:${port}`;
    const source = open(t, { url, tls: { ...client, force: true, insecure: true } });
    await source.start();
    await connected(source);
    assert.equal(source.status().url, `mqtts://localhost:${port}`);
    const stranger = open(t, { url, tls: { force: true, insecure: true } });
    await stranger.start();
    await until("an error", () => stranger.status().lastError !== null);
    assert.equal(stranger.status().connected, false);
  });

  it("tells of a file that cannot be read, and tries again", async (t) => {
    const source = open(t, { url: "mqtts://localhost:1", tls: { ca: "/nowhere/ca.pem" } });
    await source.start();
    await until("an error", () => source.status().lastError !== null);
    assert.match(source.status().lastError ?? "", /ENOENT.*\/nowhere\/ca\.pem/);
    assert.ok(source.status().currentBackoffSeconds >= 0);
  });
});

describe("credentials", () => {
  const secret = "s3cret/%:@pass";

  it("go to the broker from the URL or the options, and nowhere else", async (t) => {
    const broker = await fake(t);
    const port = portOf(broker.url);
    const cases: (Partial<MqttSourceOptions> & { url: string })[] = [
      { url: `mqtt://user:${encodeURIComponent(secret)}@127.0.0.1:${port}` },
      { url: `mqtt://other:wrong@127.0.0.1:${port}`, username: "user", password: secret },
    ];
    for (const options of cases) {
      const source = open(t, options);
      await source.start();
      await connected(source);
      const [packet] = broker.connections.at(-1)?.packets ?? [];
      assert.ok(packet?.cmd === "connect");
      assert.equal(packet.username, "user");
      assert.equal(packet.password?.toString(), secret);
      assert.equal(source.status().url, `mqtt://127.0.0.1:${port}`);
      await source.stop();
    }
  });

  it("are in no error and no status", async (t) => {
    const { port } = { port: 1 };
    const source = open(t, { url: `mqtt://user:${encodeURIComponent(secret)}@127.0.0.1:${port}` });
    await source.start();
    await until("an error", () => source.status().lastError !== null);
    const told = JSON.stringify(source.status());
    assert.ok(!told.includes(secret) && !told.includes(encodeURIComponent(secret)) && !told.includes("user"));
    for (const url of [`http://user:${secret}@host`, `mqtt//user:${secret}`, "mqtt://"]) {
      assert.throws(
        () => new MqttMessageSource({ url, clientId: "x" }),
        (error: Error) => error instanceof TypeError && !error.message.includes(secret),
      );
    }
    assert.throws(() => new MqttMessageSource({ url: "mqtts://h", clientId: "x", tls: { cert: "c" } }), /go together/);
  });

  it("that are wrong are told of as such", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto({ config: ["allow_anonymous false"] });
    t.after(() => broker.stop());
    const source = open(t, { url: broker.url, username: "user", password: secret });
    await source.start();
    await until("an error", () => source.status().lastError !== null);
    assert.match(source.status().lastError ?? "", /not authorized/i);
  });
});

describe("WebSocket", () => {
  for (const scheme of ["ws", "wss"] as const) {
    it(`carries messages and acknowledgements over ${scheme}`, async (t) => {
      const broker = new EmbeddedBroker({ port: 0 });
      const { port } = await broker.start();
      const gate = await WebSocketGate.open(port);
      t.after(async () => {
        await gate.close();
        await broker.stop();
      });
      const { key, cert } = selfSigned();
      const outer = scheme === "ws" ? gate.port : await terminate(t, { key, cert }, gate.port);
      const source = open(t, { url: `${scheme}://localhost:${outer}/mqtt?a=b`, tls: { ca: cert } });
      await ready(source, ["#"]);
      const consumer = new Consumer(source);
      const device = await connectDevice(broker.url);
      t.after(() => device.endAsync(true));
      const texts = Array.from({ length: 500 }, (_, index) => `${index}`);
      await Promise.all(texts.map((text) => device.publishAsync("a", text, { qos: 2 })));
      await device.publishAsync("large", Buffer.alloc(200_000), { qos: 1 });
      await consumer.received(texts.length + 1);
      assert.deepEqual(consumer.texts.slice(0, -1), texts);
      assert.equal(consumer.messages.at(-1)?.payload.length, 200_000);
      assert.equal(source.status().tls, scheme === "wss");
      assert.equal(source.status().url, `${scheme}://localhost:${outer}/mqtt`);
      assert.deepEqual(gate.requests[0], { url: "/mqtt?a=b", protocol: "mqtt" });
    });
  }
});
