/** What is sent. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import type { EndpointRequest } from "@sluice/domain";
import { httpEndpoint, post, startGateway } from "./endpoints.ts";

interface Seen {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

const deliverAll = async (context: TestContext, path: string, ...requests: Partial<EndpointRequest>[]) => {
  const seen: Seen[] = [];
  const endpoint = await httpEndpoint(context, (request, response, body) => {
    seen.push({ request, body });
    response.writeHead(204).end();
  });
  const gateway = await startGateway(context);
  const outcomes = [];
  for (const request of requests) outcomes.push(await gateway.deliver(post(new URL(path, endpoint.url).href, request)));
  return { seen, outcomes, endpoint };
};

test("a POST with the gateway's own headers", async (context) => {
  const { seen, outcomes } = await deliverAll(context, "/readings?site=a%20b#part", {});
  assert.equal(outcomes[0]?.kind, "delivered");
  const { method, url, headers } = (seen[0] as Seen).request;
  assert.equal(method, "POST");
  assert.equal(url, "/readings?site=a%20b");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["user-agent"], "sluice");
  assert.equal(headers["idempotency-key"], '"01890a5d-ac96-774b-bcce-b302099a8057"');
  assert.equal(headers["content-length"], "20");
  assert.equal(headers["transfer-encoding"], undefined);
});

test("a flow's headers replace the defaults, whatever their case, but not those of the framing", async (context) => {
  const { seen, endpoint } = await deliverAll(context, "/", {
    headers: {
      "Content-Type": "application/vnd.example+json",
      "User-Agent": "other",
      Authorization: "Bearer secret",
      "X-Site": "caf\u00e9",
      Host: "elsewhere.example",
      "Content-Length": "1",
      "transfer-encoding": "chunked",
      Connection: "close",
      Expect: "100-continue",
      "idempotency-key": "mine",
    },
  });
  const { headers } = (seen[0] as Seen).request;
  assert.equal(headers["content-type"], "application/vnd.example+json");
  assert.equal(headers["user-agent"], "other");
  assert.equal(headers.authorization, "Bearer secret");
  assert.equal(headers["x-site"], "caf\u00e9");
  assert.equal(headers.host, new URL(endpoint.url).host);
  assert.equal(headers["content-length"], "20");
  assert.equal(headers.connection, "keep-alive");
  assert.equal(headers["idempotency-key"], '"01890a5d-ac96-774b-bcce-b302099a8057"');
});

test("bodies arrive byte for byte", async (context) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const bodies: Uint8Array[] = [
    bytes,
    bytes.subarray(100, 110),
    new Uint8Array(0),
    Buffer.from('\uFEFF{ "a" : 1.0 }\r\n'),
    Buffer.alloc(1_048_576, bytes),
  ];
  const { seen } = await deliverAll(context, "/", ...bodies.map((body) => ({ body })));
  assert.equal(seen.length, bodies.length);
  for (const [index, { body }] of seen.entries()) assert.ok(body.equals(bodies[index] as Uint8Array), `body ${index}`);
  assert.equal(seen[2]?.request.headers["content-length"], "0");
});

test("every attempt of a delivery has the same idempotency key", async (context) => {
  const keys: unknown[] = [];
  const endpoint = await httpEndpoint(context, (request, response) => {
    keys.push(request.headers["idempotency-key"]);
    response.writeHead(keys.length < 3 ? 503 : 200).end();
  });
  const gateway = await startGateway(context);
  const request = post(endpoint.url, { idempotencyKey: 'a"b\\c' });
  assert.equal((await gateway.deliver(request)).kind, "retry");
  assert.equal((await gateway.deliver(request)).kind, "retry");
  assert.equal((await gateway.deliver(request)).kind, "delivered");
  assert.deepEqual(keys, Array(3).fill('"a\\"b\\\\c"'));
});

const unsendable: readonly [name: string, request: Partial<EndpointRequest>, reason: RegExp][] = [
  ["no URL", { url: "not a URL" }, /no http or https URL/],
  ["another scheme", { url: "ftp://example.org/" }, /no http or https URL/],
  ["a file", { url: "file:///etc/passwd" }, /no http or https URL/],
  ["credentials in the URL", { url: "http://user:secret@127.0.0.1/" }, /user name or password/],
  ["a header value with a line feed", { headers: { "x-site": "secret\r\nx-evil: 1" } }, /invalid x-site header/],
  ["a header value beyond Latin-1", { headers: { "x-site": "secret\u{1f321}" } }, /invalid x-site header/],
  ["a header name with a space", { headers: { "x site": "secret" } }, /invalid header/],
  ["an idempotency key with a line feed", { idempotencyKey: "secret\n" }, /idempotency key/],
];

for (const [name, request, reason] of unsendable) {
  test(`${name} is refused, and the reason keeps secrets`, async (context) => {
    const { seen, outcomes } = await deliverAll(context, "/", request);
    const [outcome] = outcomes;
    assert.equal(outcome?.kind, "refused");
    assert.ok(outcome?.kind === "refused" && reason.test(outcome.reason), JSON.stringify(outcome));
    assert.ok(!JSON.stringify(outcome).includes("secret"));
    assert.equal(seen.length, 0);
  });
}
