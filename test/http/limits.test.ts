/** Time, connections and bodies are bounded, and nothing stays behind. */
import assert from "node:assert/strict";
import { createServer as createRawServer, type Socket } from "node:net";
import { test } from "node:test";
import { UndiciEndpointGateway } from "@sluice/adapter-http";
import type { EndpointOutcome } from "@sluice/domain";
import { eventually, httpEndpoint, listen, post, rawEndpoint, startGateway } from "./endpoints.ts";

const TIMEOUT_MS = 150;
/** Over the timeout, on a machine that has other work. */
const SLACK_MS = 500;

const silent = () => {};
const drip = (socket: Socket, text: string) => {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on("close", () => clearInterval(timer));
};

const slow: readonly [name: string, answer: (socket: Socket) => void, reason: RegExp, status?: number][] = [
  ["no answer", silent, /^no answer within 150 ms$/],
  ["half a header", (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-"), /^no answer within/],
  [
    "a header that drips",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      drip(socket, "x: y\r\n");
    },
    /^no answer within/,
  ],
  ["interim answers for ever", (socket) => drip(socket, "HTTP/1.1 102 Processing\r\n\r\n"), /^no answer within/],
  [
    "half a body",
    (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
    /^no end of the answer within/,
    200,
  ],
  [
    "a body that drips",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      drip(socket, "x");
    },
    /^no end of the answer within/,
    200,
  ],
];

for (const [name, answer, reason, status] of slow) {
  test(`${name} ends at the timeout`, async (context) => {
    const endpoint = await rawEndpoint(context, answer);
    const gateway = await startGateway(context);
    const outcome = await gateway.deliver(post(endpoint.url, { timeoutMs: TIMEOUT_MS }));
    assert.ok(outcome.kind === "retry" && outcome.unreachable, JSON.stringify(outcome));
    assert.match(outcome.reason, reason);
    assert.equal(outcome.status, status);
    assert.ok(
      outcome.latencyMs >= TIMEOUT_MS - 5 && outcome.latencyMs < TIMEOUT_MS + SLACK_MS,
      `${outcome.latencyMs} ms`,
    );
    await eventually("the connection is closed", () => endpoint.open() === 0);
  });
}

test("a TLS handshake that hangs ends at the timeout", async (context) => {
  const endpoint = await listen(
    context,
    createRawServer((socket) => socket.resume()),
    "https",
  );
  const gateway = await startGateway(context);
  const outcome = await gateway.deliver(post(endpoint.url, { timeoutMs: TIMEOUT_MS }));
  assert.ok(outcome.kind === "retry" && outcome.unreachable);
  assert.equal(outcome.reason, "no connection within 150 ms");
});

test("a connection that does not open is given up after its own time", async (context) => {
  const endpoint = await listen(
    context,
    createRawServer((socket) => socket.resume()),
    "https",
  );
  const gateway = await startGateway(context, { connectTimeoutMs: 1_000 });
  const outcome = await gateway.deliver(post(endpoint.url, { timeoutMs: 10_000 }));
  assert.ok(outcome.kind === "retry" && outcome.unreachable);
  assert.match(outcome.reason, /^no connection could be opened in time \(UND_ERR_CONNECT_TIMEOUT\)$/);
});

test("the timer can be replaced, and is stopped when the attempt is over", async (context) => {
  const timers: { readonly ms: number; readonly fire: () => void; stopped: boolean }[] = [];
  const gateway = await startGateway(context, {
    startTimer: (ms, fire) => {
      const timer = { ms, fire, stopped: false };
      timers.push(timer);
      return () => {
        timer.stopped = true;
      };
    },
  });
  const answering = await httpEndpoint(context, (_, response) => response.end());
  assert.equal((await gateway.deliver(post(answering.url))).kind, "delivered");
  const hanging = await rawEndpoint(context, () => timers[1]?.fire());
  const outcome = await gateway.deliver(post(hanging.url, { timeoutMs: 600_000 }));
  assert.ok(outcome.kind === "retry");
  assert.equal(outcome.reason, "no answer within 600000 ms");
  assert.deepEqual(
    timers.map(({ ms, stopped }) => [ms, stopped]),
    [
      [5_000, true],
      [600_000, true],
    ],
  );
});

test("an endless body is cut off, and the delivery stands", async (context) => {
  let written = 0;
  const endpoint = await rawEndpoint(context, (socket) => {
    const chunk = Buffer.alloc(65_536);
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
    };
    socket.on("drain", pour);
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    pour();
  });
  const gateway = await startGateway(context);
  const outcome = await gateway.deliver(post(endpoint.url));
  assert.equal(outcome.kind, "delivered");
  assert.ok(outcome.latencyMs < 1_000);
  await eventually("the connection is closed", () => endpoint.open() === 0);
  assert.ok(written < 50_000_000, `${written} bytes`);
});

/** undici takes a connection back into use on the next turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a body within the limit leaves the connection usable, one beyond it does not", async (context) => {
  const endpoint = await httpEndpoint(context, (request, response) =>
    response.end(Buffer.alloc(Number(request.url?.slice(1)))),
  );
  const gateway = await startGateway(context);
  for (const size of [0, 65_536, 1]) {
    assert.equal((await gateway.deliver(post(`${endpoint.url}${size}`))).kind, "delivered");
    await turn();
  }
  assert.equal(endpoint.connections(), 1);
  assert.equal((await gateway.deliver(post(`${endpoint.url}65537`))).kind, "delivered");
  await eventually("the connection is closed", () => endpoint.open() === 0);
  assert.equal((await gateway.deliver(post(`${endpoint.url}0`))).kind, "delivered");
  assert.equal(endpoint.connections(), 2);
});

test("connections are used again", async (context) => {
  const endpoint = await httpEndpoint(context, (_, response) => response.writeHead(200).end("ok"));
  const gateway = await startGateway(context);
  for (let request = 0; request < 50; request++) {
    assert.equal((await gateway.deliver(post(endpoint.url))).kind, "delivered");
    await turn();
  }
  assert.equal(endpoint.connections(), 1);
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 8 }, () => gateway.deliver(post(endpoint.url))));
    await turn();
  }
  assert.equal(endpoint.connections(), 8);
});

test("an endpoint that closes every connection is served all the same", async (context) => {
  const endpoint = await httpEndpoint(context, (_, response) => response.writeHead(200, { connection: "close" }).end());
  const gateway = await startGateway(context);
  for (let request = 0; request < 10; request++)
    assert.equal((await gateway.deliver(post(endpoint.url))).kind, "delivered");
  assert.equal(endpoint.connections(), 10);
});

test("connections to one origin are bounded, whatever is asked at once", async (context) => {
  let open = 0;
  let most = 0;
  const endpoint = await httpEndpoint(context, (_, response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end();
    }, 5);
  });
  const gateway = await startGateway(context, { connectionsPerOrigin: 4 });
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => gateway.deliver(post(endpoint.url))));
  assert.ok(outcomes.every(({ kind }) => kind === "delivered"));
  assert.equal(endpoint.connections(), 4);
  assert.equal(most, 4);
});

test("an endpoint that hangs holds up nobody else", async (context) => {
  const hanging = await rawEndpoint(context, silent);
  const answering = await httpEndpoint(context, (_, response) => response.end());
  const gateway = await startGateway(context, { connectionsPerOrigin: 2 });
  const stuck = Array.from({ length: 10 }, () => gateway.deliver(post(hanging.url, { timeoutMs: TIMEOUT_MS })));
  await eventually("the hanging endpoint has its connections", () => hanging.connections() === 2);
  const quick = await Promise.all(Array.from({ length: 10 }, () => gateway.deliver(post(answering.url))));
  assert.ok(quick.every(({ kind, latencyMs }) => kind === "delivered" && latencyMs < SLACK_MS));
  const outcomes = await Promise.all(stuck);
  assert.ok(outcomes.every(({ kind, latencyMs }) => kind === "retry" && latencyMs < TIMEOUT_MS + SLACK_MS));
  const reasons = Map.groupBy(outcomes, (outcome) => (outcome.kind === "retry" ? outcome.reason : outcome.kind));
  assert.deepEqual([...reasons.keys()].sort(), ["no answer within 150 ms", "no connection within 150 ms"]);
  // On a busy machine one that waited gets the connection of one that has just given up.
  assert.ok((reasons.get("no answer within 150 ms")?.length ?? 0) >= 2);
});

test("what waited in vain for a connection is never sent", async (context) => {
  const bodies: string[] = [];
  const endpoint = await httpEndpoint(context, (_, response, body) => {
    bodies.push(body.toString());
    setTimeout(() => response.end(), 100);
  });
  const gateway = await startGateway(context, { connectionsPerOrigin: 1 });
  const first = gateway.deliver(post(endpoint.url, { body: Buffer.from("first") }));
  const second = gateway.deliver(post(endpoint.url, { body: Buffer.from("second"), timeoutMs: 20 }));
  assert.equal((await second).kind, "retry");
  assert.equal((await first).kind, "delivered");
  assert.equal((await gateway.deliver(post(endpoint.url, { body: Buffer.from("third") }))).kind, "delivered");
  assert.deepEqual(bodies, ["first", "third"]);
});

const cancelled = (outcome: EndpointOutcome) => outcome.kind === "retry" && !outcome.unreachable && outcome.reason;

test("the signal ends an attempt, before and in the middle", async (context) => {
  const endpoint = await rawEndpoint(context, silent);
  const gateway = await startGateway(context);
  assert.equal(cancelled(await gateway.deliver(post(endpoint.url), AbortSignal.abort())), "the attempt was cancelled");
  assert.equal(endpoint.connections(), 0);

  const controller = new AbortController();
  const delivery = gateway.deliver(post(endpoint.url), controller.signal);
  await eventually("connected", () => endpoint.open() === 1);
  controller.abort();
  assert.equal(cancelled(await delivery), "the attempt was cancelled");
  await eventually("the connection is closed", () => endpoint.open() === 0);
});

test("one signal for many deliveries collects no listeners", async (context) => {
  const endpoint = await httpEndpoint(context, (_, response) => response.end());
  const gateway = await startGateway(context);
  const controller = new AbortController();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  for (let delivery = 0; delivery < 30; delivery++) await gateway.deliver(post(endpoint.url), controller.signal);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  assert.deepEqual(warnings, []);
});

test("stop ends what is under way and closes every connection; start begins anew", async (context) => {
  const hanging = await rawEndpoint(context, silent);
  const answering = await httpEndpoint(context, (_, response) => response.end());
  const gateway = await startGateway(context);
  await Promise.all(Array.from({ length: 5 }, () => gateway.deliver(post(answering.url))));
  assert.ok(answering.open() > 0);
  const delivery = gateway.deliver(post(hanging.url));
  await eventually("connected", () => hanging.open() === 1);

  await gateway.stop();
  assert.equal(cancelled(await delivery), "the gateway is stopped");
  await eventually("no connection is left", () => hanging.open() === 0 && answering.open() === 0);
  assert.equal(cancelled(await gateway.deliver(post(answering.url))), "the gateway is stopped");

  await gateway.start();
  assert.equal((await gateway.deliver(post(answering.url))).kind, "delivered");
});

test("stop does not wait for a connection that is still opening", async (context) => {
  const endpoint = await listen(
    context,
    createRawServer((socket) => socket.resume()),
    "https",
  );
  const gateway = await startGateway(context);
  const delivery = gateway.deliver(post(endpoint.url, { timeoutMs: 60_000 }));
  await eventually("connecting", () => endpoint.open() === 1);
  const start = performance.now();
  await gateway.stop();
  assert.equal(cancelled(await delivery), "the gateway is stopped");
  assert.ok(performance.now() - start < 1_000);
  await eventually("the connection is closed", () => endpoint.open() === 0);
});

test("before start nothing is sent", async () => {
  const gateway = new UndiciEndpointGateway({ clock: { now: () => 0 } });
  assert.equal(cancelled(await gateway.deliver(post("http://127.0.0.1:1/"))), "the gateway is stopped");
  await gateway.stop();
});
