/** Backoff, protocol versions, TLS, credentials: the publisher's connection. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createServer, type TlsOptions } from "node:tls";
import { PublisherSettings } from "@sluice/app/publisher";
import { FakeBroker, politely } from "../support/fake-broker.ts";
import { ManualTime } from "../support/manual-time.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { selfSigned } from "../support/self-signed.ts";
import { requireService } from "../support/services.ts";
import { isConnected, makeDirectory, message, openPublisher, until } from "./support.ts";

describe("backoff", () => {
  const secondsOf = async (t: TestContext, random: () => number, attempts: number): Promise<number[]> => {
    const time = new ManualTime();
    const { publisher } = await openPublisher(t, {
      url: "mqtt://127.0.0.1:1",
      directory: await makeDirectory(t),
      backoff: { initialSeconds: 1, maximumSeconds: 60 },
      environment: { now: time.now, after: time.after, random },
    });
    const seconds: number[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      await until("it waits", () => time.pending > 0);
      const { currentBackoffSeconds } = await publisher.status();
      seconds.push(currentBackoffSeconds);
      time.advance(currentBackoffSeconds * 1_000);
    }
    return seconds;
  };

  it("doubles from 1 s to 60 s", async (t) => {
    assert.deepEqual(
      (await secondsOf(t, () => 1 - Number.EPSILON, 9)).map(Math.round),
      [1, 2, 4, 8, 16, 32, 60, 60, 60],
    );
  });

  it("is shortened by chance, by half at the most, so that a fleet does not come in step", async (t) => {
    assert.deepEqual(await secondsOf(t, () => 0, 8), [0.5, 1, 2, 4, 8, 16, 30, 30]);
  });

  it("is cut short by connect(), and gone after disconnect()", async (t) => {
    const time = new ManualTime();
    const broker = await FakeBroker.start(politely);
    t.after(() => broker.stop());
    let refusing = true;
    const gate = await FakeBroker.start((packet, connection) => {
      if (refusing) connection.socket.destroy();
      else politely(packet, connection);
    });
    t.after(() => gate.stop());
    const { publisher } = await openPublisher(t, {
      url: gate.url,
      directory: await makeDirectory(t),
      protocolVersion: 5,
      environment: { now: time.now, after: time.after },
    });
    await until("it waits", () => time.pending > 0);
    refusing = false;
    publisher.connect();
    await isConnected(publisher);
    assert.equal(time.pending, 0);
    refusing = true;
    gate.connections.at(-1)?.socket.destroy();
    await until("it waits", () => time.pending > 0);
    await publisher.disconnect();
    assert.deepEqual([time.pending, (await publisher.status()).currentBackoffSeconds], [0, 0]);
  });
});

describe("protocol version", () => {
  it("falls back to MQTT 3.1.1 where the broker refuses 5", async (t) => {
    const broker = await FakeBroker.start((packet, connection) => {
      if (connection.protocolVersion === 5) connection.socket.end(Buffer.from([0x20, 2, 0, 1]));
      else if (packet.cmd === "publish") connection.send({ cmd: "puback", messageId: packet.messageId as number });
      else politely(packet, connection);
    });
    t.after(() => broker.stop());
    const { publisher } = await openPublisher(t, { url: broker.url, directory: await makeDirectory(t) });
    const properties = { contentType: "text/plain" };
    const { outcome } = await publisher.publish(message("a", "x", { properties }));
    assert.deepEqual(await outcome, { state: "acknowledged", reasonCode: 0 });
    assert.equal((await publisher.status()).protocolVersion, 4);
  });
});

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

describe("TLS and credentials", () => {
  it("checks the broker's certificate, and shows its own where both are asked for one", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startMosquitto();
    t.after(() => broker.stop());
    const [server, client] = [selfSigned(), selfSigned(["device"], [])];
    const options = { ...server, ca: client.cert, requestCert: true, rejectUnauthorized: true };
    const port = await terminate(t, options, broker.port);
    const url = `mqtts://127.0.0.1:${port}`;
    const tls = { ca: server.cert, cert: client.cert, key: client.key };
    const { publisher } = await openPublisher(t, { url, directory: await makeDirectory(t), tls });
    const { outcome } = await publisher.publish(message("a", "x"));
    assert.equal((await outcome).state, "acknowledged");
    assert.equal((await publisher.status()).tls, true);

    const strangers = [{ ca: client.cert, cert: client.cert, key: client.key }, { ca: server.cert }];
    for (const stranger of strangers) {
      const { publisher: other } = await openPublisher(t, { url, directory: await makeDirectory(t), tls: stranger });
      await until("it is refused", async () => (await other.status()).lastError !== null);
      assert.equal((await other.status()).connects, 0);
      assert.equal((await other.publish(message("a", "kept"))).state, "queued");
    }
  });

  it("wants a client certificate and its key together", async (t) => {
    const { cert } = selfSigned();
    const directory = await makeDirectory(t);
    await assert.rejects(openPublisher(t, { url: "mqtts://127.0.0.1:1", directory, tls: { cert } }), /go together/);
  });

  it("logs in with user name and password, and never tells the password", async (t) => {
    const logins: unknown[] = [];
    const broker = await FakeBroker.start((packet, connection) => {
      if (packet.cmd === "connect") logins.push([packet.username, packet.password?.toString()]);
      politely(packet, connection);
    });
    t.after(() => broker.stop());
    const url = broker.url.replace("mqtt://", "mqtt://me:s3cret-value@");
    const { publisher } = await openPublisher(t, { url, directory: await makeDirectory(t) });
    await isConnected(publisher);
    assert.deepEqual(logins, [["me", "s3cret-value"]]);
    const { queue: _, ...status } = await publisher.status();
    assert.doesNotMatch(JSON.stringify(status), /s3cret/);
    assert.equal(PublisherSettings.fromObject({ client_id: "x", url }).url, url, "the settings have it");
  });
});
