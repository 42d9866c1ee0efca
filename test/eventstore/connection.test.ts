/** Connecting to EventStoreDB: connection strings, TLS, credentials. No error holds a secret. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { EventStoreDbEventStore, UnusableDatabase } from "@sluice/adapter-eventstore";
import { EventStoreUnavailable } from "@sluice/domain";
import { many, readEverything, to } from "../conformance/event-store-support.ts";
import { selfSigned } from "../support/self-signed.ts";
import { openStore, serverOf } from "./setup.ts";

const SECRET = "s3cret";

/** Everything of the error that a log line could show. */
const shown = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });

const withoutConsole = (t: TestContext): string[] => {
  const lines: string[] = [];
  for (const method of ["log", "warn", "error"] as const) {
    t.mock.method(console, method, (...parts: unknown[]) => void lines.push(parts.join(" ")));
  }
  return lines;
};

test("refuses a connection string that it cannot use, and quotes nothing of it that may be secret", async (t) => {
  const lines = withoutConsole(t);
  const bad = [
    "",
    "http://127.0.0.1:2113",
    `user:${SECRET}@127.0.0.1:2113`,
    `esdb://user:${SECRET}@`,
    `esdb://user:?${SECRET}@localhost:2113`,
    `esdb://user:p?${SECRET}=1@localhost:2113`,
    `esdb://user:${SECRET}@localhost:port`,
    `esdb://user:${SECRET}@localhost:1:2`,
    `esdb://user:${SECRET}@localhost:2113?tls=maybe`,
    `esdb://user:${SECRET}@localhost:2113?tlsVerifyCert=false`,
    `esdb://user:${SECRET}@localhost:2113?throwOnAppendFailure=false`,
    `esdb://user:${SECRET}@localhost:2113?Throw-On_append-failure=false`,
    `esdb://user:${SECRET}@localhost:2113?unheardOf=1`,
    `esdb://user:${SECRET}@localhost:2113?tlsCAFile=/nowhere/ca.pem`,
    `esdb://user:${SECRET}@127.0.0.1:2113?tls=false&keepAliveTimeout=-5`,
    `esdb://user:${SECRET}@127.0.0.1:2113`,
    `esdb://user:${SECRET}@a:2113,127.0.0.1:2113/?tls=true`,
  ];
  for (const url of bad) {
    const open = async (): Promise<void> => {
      await new EventStoreDbEventStore({ url, deadlineMs: 500 }).start();
    };
    await refuses(open, url);
  }
  assert.deepEqual(lines, []);
});

const refuses = (open: () => Promise<void>, url: string): Promise<void> =>
  assert.rejects(open, (error: unknown) => {
    assert.ok(error instanceof UnusableDatabase, `${url}: ${error}`);
    assert.ok(!shown(error).includes(SECRET), shown(error));
    return true;
  });

test("refuses settings that make no sense", () => {
  const url = "esdb://127.0.0.1:2113?tls=false";
  const bad = [
    { streamPrefix: "" },
    { streamPrefix: "$x" },
    { streamPrefix: "a b" },
    { deadlineMs: 0 },
    { resendMs: 1.5 },
    { maxAppendBytes: Number.NaN },
  ];
  for (const options of bad) assert.throws(() => new EventStoreDbEventStore({ url, ...options }), UnusableDatabase);
});

test("says that nobody listens, and starts later", async (t) => {
  const server = await serverOf(t);
  const { url } = server;
  server.crash();
  const store = new EventStoreDbEventStore({ url, deadlineMs: 1_000 });
  await assert.rejects(store.start(), { name: "EventStoreUnavailable", message: /ECONNREFUSED/ });
  await assert.rejects(store.append([to("flow-A", many(1))]), { message: /not running/ });
  await server.start();
  await store.start();
  t.after(() => store.stop());
  assert.deepEqual((await store.append([to("flow-A", many(1))])).versions, [1]);
});

test("connects by the names that KurrentDB gives its connection strings", async (t) => {
  const server = await serverOf(t);
  for (const scheme of ["kurrentdb", "kurrent", "kdb"]) {
    const store = await openStore(t, { url: server.url.replace("esdb:", `${scheme}:`), streamPrefix: `${scheme}.` });
    assert.deepEqual((await store.append([to("flow-A", many(1))])).versions, [1]);
  }
});

test("takes the prefix of its streams and the size of an append from the connection string, too", async (t) => {
  const server = await serverOf(t);
  const store = await openStore(t, { url: `${server.url}&stream_prefix=plant-1.&maxAppendSize=1000` });
  await store.append([to("flow-A", many(1))]);
  await assert.rejects(store.append([to("flow-A", many(10))]), { name: "EventRejected", message: /1000/ });
  assert.equal(server.state.log.records.at(-1)?.stream, "plant-1.flow-A");
  const { url } = server;
  for (const bad of ["streamPrefix=$x", "maxAppendSize=1M", "maxAppendSize="]) {
    assert.throws(() => new EventStoreDbEventStore({ url: `${url}&${bad}` }), UnusableDatabase, bad);
  }
});

test("speaks TLS by the connection string, with the credentials in it", async (t) => {
  const { key, cert } = selfSigned();
  const directory = await mkdtemp(join(tmpdir(), "sluice-eventstore-"));
  t.after(() => rm(directory, { recursive: true }));
  const ca = join(directory, "ca.pem");
  await writeFile(ca, cert);
  const server = await serverOf(t, { tls: { key, cert }, credentials: `gateway:${SECRET}` });
  const at = `localhost:${server.port}`;

  const store = await openStore(t, { url: `esdb://gateway:${SECRET}@${at}?tlsCAFile=${encodeURIComponent(ca)}` });
  await store.append([to("flow-A", many(3), 0)]);
  assert.equal((await readEverything(store)).length, 3);

  const refused = [
    [`esdb://gateway:wr0ng@${at}?tlsCAFile=${encodeURIComponent(ca)}`, /access denied/],
    [`esdb://${at}?tlsCAFile=${encodeURIComponent(ca)}`, /access denied/],
    [`esdb://gateway:${SECRET}@${at}`, /self.signed certificate/],
  ] as const;
  for (const [url, message] of refused) {
    const store = new EventStoreDbEventStore({ url, deadlineMs: 1_000 });
    await assert.rejects(store.start(), (error: unknown) => {
      assert.ok(error instanceof EventStoreUnavailable);
      assert.match(error.message, message);
      for (const secret of [SECRET, "wr0ng", Buffer.from(`gateway:${SECRET}`).toString("base64")]) {
        assert.ok(!shown(error).includes(secret), shown(error));
      }
      return true;
    });
  }
});
