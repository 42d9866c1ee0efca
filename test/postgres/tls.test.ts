/** TLS: a listener in front of the real server that takes PostgreSQL's SSLRequest and decrypts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { PostgresEventStore, type PostgresOptions } from "@sluice/adapter-postgres";
import { many, readEverything, to } from "../conformance/event-store-support.ts";
import { makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { type SelfSigned, selfSigned } from "../support/self-signed.ts";

/** The message SSLRequest has 8 bytes and is answered by one: S or N (PostgreSQL protocol, "SSL Session Encryption"). */
const listen = async (
  t: TestContext,
  certificate: SelfSigned | null,
): Promise<{ url: string; plain: () => number }> => {
  const target = new URL(postgresUrl);
  const address = new URL(postgresUrl);
  const sockets = new Set<Socket>();
  let plain = 0;
  const join = (one: Socket, other: Socket): void => {
    for (const socket of [one, other]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => [one, other].map((end) => end.destroy()));
    }
    one.pipe(other).pipe(one);
  };
  const decryptor = createTlsServer({ ...certificate }, (secure) => {
    join(secure, connect(Number(target.port || 5432), target.hostname));
  }).listen(0, "127.0.0.1");
  await once(decryptor, "listening");
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      if (certificate === null) {
        socket.on("data", () => plain++);
        socket.write("N");
        return;
      }
      socket.write("S");
      const decrypting = connect((decryptor.address() as AddressInfo).port, "127.0.0.1");
      join(socket, decrypting);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    decryptor.close();
  });
  address.hostname = "127.0.0.1";
  address.port = String((server.address() as AddressInfo).port);
  return { url: address.href, plain: () => plain };
};

const storeAt = (url: string, schema: string, tls: NonNullable<PostgresOptions["tls"]>): PostgresEventStore =>
  new PostgresEventStore({ url, schema, tls, clock: Date, connectTimeoutMs: 2_000 });

describe("postgres over TLS", { skip: (await postgresUnavailable()) ?? false, timeout: 20_000 }, () => {
  test("speaks to a server whose certificate it trusts", async (t) => {
    const certificate = selfSigned();
    const { url } = await listen(t, certificate);
    const { location: schema, remove } = await makeSchema();
    const store = storeAt(url, schema, { ca: certificate.cert });
    try {
      await store.start();
      await store.append([to("flow-A", many(3))]);
      assert.equal((await readEverything(store)).length, 3);
    } finally {
      await store.stop();
      await remove();
    }
  });

  test("refuses a certificate that it does not trust", async (t) => {
    const { url } = await listen(t, selfSigned());
    await assert.rejects(storeAt(url, "never_made", { ca: selfSigned().cert }).start(), (error: Error) => {
      assert.match(error.message, /certificate|self-signed/);
      return error.name === "EventStoreUnavailable";
    });
  });

  test("says nothing in the clear to a server without TLS", async (t) => {
    const { url, plain } = await listen(t, null);
    await assert.rejects(storeAt(url, "never_made", {}).start(), /SSL/);
    assert.equal(plain(), 0);
  });
});
