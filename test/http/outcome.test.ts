/** What every answer and every failure counts as. */
import assert from "node:assert/strict";
import { createServer as createTlsHttpServer } from "node:https";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { EndpointOutcome } from "@sluice/domain";
import { selfSigned } from "../support/self-signed.ts";
import { httpEndpoint, listen, post, rawEndpoint, startGateway } from "./endpoints.ts";

/** The outcome without its latency, which is checked to be one. */
const withoutLatency = ({ latencyMs, ...outcome }: EndpointOutcome): Omit<EndpointOutcome, "latencyMs"> => {
  assert.ok(latencyMs >= 0 && latencyMs < 10_000, `${latencyMs} ms`);
  return outcome;
};

const delivered = [200, 201, 202, 204, 206, 299];
const retried: readonly [status: number, unreachable: boolean][] = [
  [408, false],
  [425, false],
  [429, false],
  [500, false],
  [501, false],
  [502, true],
  [503, true],
  [504, true],
  [505, false],
  [507, false],
  [511, true],
  [599, false],
];
const refused = [
  300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 415, 418, 421, 422, 451, 499, 600, 999,
];

test("each status has its outcome", async (context) => {
  const endpoint = await httpEndpoint(context, (request, response) =>
    response.writeHead(Number(request.url?.slice(1))).end(),
  );
  const gateway = await startGateway(context);
  const outcomeOf = async (status: number) => withoutLatency(await gateway.deliver(post(`${endpoint.url}${status}`)));

  for (const status of delivered) assert.deepEqual(await outcomeOf(status), { kind: "delivered", status });
  for (const [status, unreachable] of retried) {
    const outcome = await outcomeOf(status);
    assert.ok(outcome.kind === "retry" && "reason" in outcome);
    assert.deepEqual({ ...outcome, reason: "" }, { kind: "retry", status, reason: "", unreachable });
    assert.match(String(outcome.reason), new RegExp(`^answered ${status}`));
  }
  for (const status of refused) {
    const outcome = await outcomeOf(status);
    assert.equal(outcome.kind, "refused", `${status}`);
    assert.equal("status" in outcome && outcome.status, status);
  }
});

test("redirects are not followed, and only their host is told", async (context) => {
  const location = { value: "" };
  const endpoint = await httpEndpoint(context, (_, response) =>
    response.writeHead(302, { location: location.value }).end(),
  );
  const gateway = await startGateway(context);
  const reasonFor = async (value: string) => {
    location.value = value;
    const outcome = await gateway.deliver(post(endpoint.url));
    assert.ok(outcome.kind === "refused" && outcome.status === 302);
    return outcome.reason;
  };
  assert.equal(
    await reasonFor("https://user:secret@other.example:8443/secret?token=secret"),
    "answered 302 Found, a redirect to other.example:8443, which is not followed",
  );
  assert.equal(
    await reasonFor("/elsewhere"),
    `answered 302 Found, a redirect to ${new URL(endpoint.url).host}, which is not followed`,
  );
  assert.equal(await reasonFor("http://["), "answered 302 Found");
});

const pauses: readonly [header: string, retryAfterMs: number | undefined][] = [
  ["0", 0],
  ["120", 120_000],
  ["99999999999", 3_600_000],
  ["Thu, 01 Jan 2026 00:02:00 GMT", 120_000],
  ["Thursday, 01-Jan-26 00:02:00 GMT", 120_000],
  ["Thu Jan  1 00:02:00 2026", 120_000],
  ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
  ["Fri, 01 Jan 2027 00:00:00 GMT", 3_600_000],
  ["-5", undefined],
  ["1.5", undefined],
  ["soon", undefined],
  ["2026-01-01T00:02:00Z", undefined],
  ["Xxx, 99 Yyy 2026 99:99:99 GMT", undefined],
];

test("Retry-After is read as seconds or as a date, and bounded", async (context) => {
  const endpoint = await httpEndpoint(context, (request, response) =>
    response.writeHead(429, { "retry-after": decodeURIComponent(request.url?.slice(1) ?? "") }).end(),
  );
  const gateway = await startGateway(context);
  for (const [header, expected] of pauses) {
    const outcome = await gateway.deliver(post(`${endpoint.url}${encodeURIComponent(header)}`));
    assert.ok(outcome.kind === "retry");
    assert.equal(outcome.retryAfterMs, expected, header);
  }
});

test("interim answers are passed over", async (context) => {
  const endpoint = await httpEndpoint(context, (_, response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.writeHead(201).end();
  });
  const gateway = await startGateway(context);
  assert.deepEqual(withoutLatency(await gateway.deliver(post(endpoint.url))), { kind: "delivered", status: 201 });
});

const head = "HTTP/1.1 200 OK\r\n";
const faults: readonly [name: string, answer: (socket: Socket) => void, reason: RegExp, status?: number][] = [
  ["a close without an answer", (socket) => socket.end(), /closed before .* \(UND_ERR_SOCKET\)/],
  ["a reset without an answer", (socket) => socket.resetAndDestroy(), /closed before .* \(ECONNRESET\)/],
  [
    "something that is not HTTP",
    (socket) => socket.end("220 smtp.example.org ESMTP\r\n"),
    /not HTTP .* \(HTTPParserError\)/,
  ],
  ["a status that is no number", (socket) => socket.end("HTTP/1.1 abc OK\r\n\r\n"), /not HTTP .* \(HTTPParserError\)/],
  ["a header cut off", (socket) => socket.end(`${head}content-le`), /closed before/],
  [
    "a header without end",
    (socket) => socket.write(`${head}x: ${"a".repeat(100_000)}`),
    /not HTTP .* \(UND_ERR_HEADERS_OVERFLOW\)/,
  ],
  [
    "two lengths",
    (socket) => socket.end(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`),
    /not as long as announced/,
  ],
  [
    "a length and chunks",
    (socket) => socket.end(`${head}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    /not as long as announced/,
  ],
  // RFC 9110 §15.2 would have it passed over; undici 8.12 does not
  ["a 100 that was not asked for", (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n"), /closed before/],
  [
    "an upgrade",
    (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    /closed before/,
  ],
  ["a body cut off", (socket) => socket.end(`${head}content-length: 100\r\n\r\nabc`), /closed before|not as long/, 200],
  [
    "a body that is reset",
    (socket) =>
      socket.write(`${head}content-length: 100\r\n\r\nabc`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    /closed before/,
    200,
  ],
  ["chunks cut off", (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\n5\r\nab`), /closed before/, 200],
  [
    "chunks that are none",
    (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`),
    /not HTTP .* \(HTTPParserError\)/,
    200,
  ],
];

for (const [name, answer, reason, status] of faults) {
  test(`${name} is a retry, and counts against the endpoint`, async (context) => {
    const endpoint = await rawEndpoint(context, answer);
    const gateway = await startGateway(context);
    const outcome = await gateway.deliver(post(endpoint.url));
    assert.ok(outcome.kind === "retry", JSON.stringify(outcome));
    assert.equal(outcome.unreachable, true);
    assert.equal(outcome.status, status);
    assert.match(outcome.reason, reason);
  });
}

test("a refusal whose body breaks off is a refusal, a 503 keeps its Retry-After", async (context) => {
  const status = { line: "404 Not Found" };
  const endpoint = await rawEndpoint(context, (socket) =>
    socket.end(`HTTP/1.1 ${status.line}\r\nretry-after: 7\r\ncontent-length: 100\r\n\r\nabc`),
  );
  const gateway = await startGateway(context);
  const first = await gateway.deliver(post(endpoint.url));
  assert.deepEqual(withoutLatency(first), { kind: "refused", status: 404, reason: "answered 404 Not Found" });
  status.line = "503 Busy with a secret";
  const second = await gateway.deliver(post(endpoint.url));
  assert.deepEqual(withoutLatency(second), {
    kind: "retry",
    status: 503,
    reason: "answered 503 Service Unavailable",
    retryAfterMs: 7_000,
    unreachable: true,
  });
});

test("nobody listening, and no such host", async (context) => {
  const endpoint = await httpEndpoint(context, (_, response) => response.end());
  const gateway = await startGateway(context);
  const closed = new URL(endpoint.url);
  // port 1 (tcpmux) is not served on any machine that runs tests
  closed.port = "1";
  const nobody = await gateway.deliver(post(closed.href));
  assert.ok(nobody.kind === "retry" && nobody.unreachable);
  assert.equal(nobody.reason, "connection refused (ECONNREFUSED)");
  // a resolver that is itself out of reach takes its time
  const unknown = await gateway.deliver(post("http://host.invalid/", { timeoutMs: 1_000 }));
  assert.ok(unknown.kind === "retry" && unknown.unreachable);
  assert.match(unknown.reason, /^the host's name cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)$|^no connection within/);
});

test("TLS: a certificate that is not trusted is a retry until somebody mends it", async (context) => {
  const tlsEndpoint = (credentials: { key: string; cert: string }) =>
    listen(
      context,
      createTlsHttpServer(credentials, (_, response) => response.end()),
      "https",
    );
  const good = selfSigned();
  const expired = selfSigned(["localhost"], ["127.0.0.1"], "expired");
  const other = selfSigned(["other.example"], []);
  const trusting = await startGateway(context, { additionalCa: [good.cert, expired.cert, other.cert] });
  const wary = await startGateway(context);
  const endpoint = await tlsEndpoint(good);

  assert.equal((await trusting.deliver(post(endpoint.url))).kind, "delivered");
  const cases = [
    [await wary.deliver(post(endpoint.url)), /not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    [await trusting.deliver(post((await tlsEndpoint(expired)).url)), /not trusted \(CERT_HAS_EXPIRED\)/],
    [await trusting.deliver(post((await tlsEndpoint(other)).url)), /not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    [
      await trusting.deliver(
        post((await httpEndpoint(context, (_, response) => response.end())).url.replace("http:", "https:")),
      ),
      /TLS failed \(E/,
    ],
  ] as const;
  for (const [outcome, reason] of cases) {
    assert.ok(outcome.kind === "retry" && outcome.unreachable, JSON.stringify(outcome));
    assert.match(outcome.reason, reason);
  }
});
