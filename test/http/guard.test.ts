/** Where nothing is sent: by the URL, and by the address that a connection is about to be opened to. */
import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { describe, it } from "node:test";
import { EndpointGuard, parseEndpointList } from "@sluice/adapter-http/guard";
import { httpEndpoint, post, startGateway } from "./endpoints.ts";

const verdicts = (guard: EndpointGuard, urls: readonly string[]) =>
  urls.map((url) => [url, guard.checkUrl(url) === null ? "allowed" : "blocked"]);
const each = (urls: readonly string[], verdict: string) => urls.map((url) => [url, verdict]);

const BLOCKED = [
  "http://169.254.169.254/latest/meta-data/",
  "http://169.254.0.1:8080/",
  // The URL standard reads these as 169.254.169.254 too.
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://169.254.43518/",
  "http://169.254.169.254./",
  "http://１６９.254.169.254/",
  "http://[::ffff:169.254.169.254]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::169.254.169.254]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://[64:ff9b:1::a9fe:a9fe]/",
  "http://[2002:a9fe:a9fe::1]/",
  "http://[fe80::1]/",
  "http://[febf::1]/",
  "http://[fd00:ec2::254]/",
  "http://[fd20:ce::254]/",
  "http://100.100.100.200/",
  "http://168.63.129.16/",
  "http://0.0.0.0/",
  "http://0/",
  "http://[::]/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[ff02::1]/",
  "http://metadata.google.internal/computeMetadata/v1/",
  "http://METADATA.google.internal./",
  "http://instance-data/",
];
const ALLOWED = [
  "http://127.0.0.1:9000/",
  "http://localhost/",
  "http://[::1]/",
  "http://10.0.0.1/",
  "http://192.168.1.10/",
  "http://[fd00::1]/",
  "http://[::ffff:10.0.0.1]/",
  "https://ingest.example/",
  "https://bücher.example/",
  "http://169.253.255.255/",
  "http://100.100.100.201/",
];

describe("the guard on endpoint URLs", () => {
  it("blocks link-local, metadata, unspecified, multicast and reserved addresses, however they are written", () => {
    assert.deepEqual(verdicts(new EndpointGuard(), BLOCKED), each(BLOCKED, "blocked"));
  });

  it("leaves everything else, this machine and private networks included", () => {
    assert.deepEqual(verdicts(new EndpointGuard(), ALLOWED), each(ALLOWED, "allowed"));
  });

  it("says why, so that it can be shown", () => {
    const guard = new EndpointGuard({ allow: "*.example", deny: "10.0.0.0/8" });
    assert.deepEqual(
      ["http://169.254.169.254/", "http://10.1.2.3/", "http://other.test/", "http://metadata/"].map((url) =>
        guard.checkUrl(url),
      ),
      [
        "169.254.169.254 is link-local, where nothing is sent unless ENDPOINT_ALLOW has the address",
        "10.1.2.3 is in ENDPOINT_DENY",
        "other.test is not in ENDPOINT_ALLOW",
        "metadata is a cloud's metadata server, where nothing is sent unless ENDPOINT_ALLOW names it",
      ],
    );
  });

  it("takes hosts, subdomains, ports, addresses and networks", () => {
    const allow =
      "ingest.example, *.Iot.Example other.test:8443, 10.1.0.0/16, 192.0.2.7:9000, [fd00::7]:80, BÜCHER.example";
    const guard = new EndpointGuard({ allow });
    const good = [
      "https://ingest.example/x",
      "https://INGEST.example./x",
      "https://a.b.iot.example/",
      "https://other.test:8443/",
      "http://10.1.255.255/",
      "http://192.0.2.7:9000/",
      "http://[fd00::7]/",
      "https://xn--bcher-kva.example/",
    ];
    const bad = ["http://192.0.2.7/", "http://10.2.0.1/", "http://[fd00::7]:81/", "http://169.254.169.254/"];
    assert.deepEqual(verdicts(guard, good), each(good, "allowed"));
    assert.deepEqual(verdicts(guard, bad), each(bad, "blocked"));
    // Names whose address may be in a network of the list are judged when they are connected to.
    assert.equal(guard.checkUrl("https://iot.example/"), null);
    assert.match(`${guard.checkAddress({ host: "iot.example", port: 443 }, "192.0.2.8")}`, /is not in ENDPOINT_ALLOW/);
    assert.equal(guard.checkAddress({ host: "iot.example", port: 443 }, "10.1.0.9"), null);
    const names = new EndpointGuard({ allow: "*.iot.example" });
    assert.match(`${names.checkUrl("https://iot.example/")}`, /is not in ENDPOINT_ALLOW/);
    assert.match(`${names.checkUrl("https://eviliot.example/")}`, /is not in ENDPOINT_ALLOW/);
  });

  it("opens a link-local address only to a list that has the address, and never against ENDPOINT_DENY", () => {
    const url = "http://169.254.10.20/";
    assert.notEqual(new EndpointGuard({ allow: "*" }).checkUrl(url), null);
    assert.equal(new EndpointGuard({ allow: "*, 169.254.10.0/24" }).checkUrl(url), null);
    assert.equal(new EndpointGuard({ allow: "169.254.10.20" }).checkUrl("http://[::ffff:169.254.10.20]/"), null);
    assert.notEqual(new EndpointGuard({ allow: url.slice(7, -1), deny: "169.254.0.0/16" }).checkUrl(url), null);
    assert.notEqual(new EndpointGuard({ deny: "*" }).checkUrl("https://ingest.example/"), null);
    assert.notEqual(new EndpointGuard({ deny: "ingest.example" }).checkUrl("https://ingest.example/"), null);
    const named = new EndpointGuard({ allow: "evil.test" });
    assert.equal(named.checkUrl("http://evil.test/"), null);
    assert.match(`${named.checkAddress({ host: "evil.test", port: 80 }, "169.254.169.254")}`, /link-local/);
    assert.match(`${named.checkAddress({ host: "evil.test", port: 80 }, "fe80::1%eth0")}`, /link-local/);
  });

  it("knows an entry that is none", () => {
    const text =
      "http://a/, a/b, 10.0.0.0/33, ::/129, x:0, x:65536, *x, a.*.b, 1.2.3, [::1, u@h, ::ffff:1.2.3.4/64, ok";
    const parsed = parseEndpointList(text);
    // 1.2.3 is 1.2.0.3 to the URL standard.
    assert.deepEqual(parsed.ok ? [] : parsed.bad, [
      "http://a/",
      "a/b",
      "10.0.0.0/33",
      "::/129",
      "x:0",
      "x:65536",
      "*x",
      "a.*.b",
      "[::1",
      "u@h",
      "::ffff:1.2.3.4/64",
    ]);
    assert.throws(() => new EndpointGuard({ allow: "a/b" }), RangeError);
  });
});

/** Answers with the addresses of each turn. */
const resolving = (...turns: readonly (readonly LookupAddress[])[]) => {
  let turn = 0;
  const asked: string[] = [];
  const resolve = (hostname: string, _: unknown, callback: (error: null, addresses: LookupAddress[]) => void) => {
    asked.push(hostname);
    callback(null, [...(turns[Math.min(turn++, turns.length - 1)] ?? [])]);
  };
  return { resolve, asked };
};
const here: LookupAddress = { address: "127.0.0.1", family: 4 };
const metadata: LookupAddress = { address: "169.254.169.254", family: 4 };

describe("a delivery", () => {
  it("to a blocked address is refused and never sent, and the reason says why", async (t) => {
    const gateway = await startGateway(t);
    for (const url of ["http://169.254.169.254/", "http://2852039166:81/", "https://[::ffff:169.254.169.254]/x"]) {
      const outcome = await gateway.deliver(post(url));
      assert.equal(outcome.kind, "refused", url);
      assert.match(outcome.kind === "refused" ? outcome.reason : "", /^the endpoint is blocked: .*is link-local/);
    }
  });

  it("is judged by what the name resolves to, at every new connection", async (t) => {
    const endpoint = await httpEndpoint(t, (_, response) => response.setHeader("connection", "close").end());
    const { resolve, asked } = resolving(
      [here],
      [metadata],
      [{ address: "::ffff:169.254.169.254", family: 6 }],
      [here],
    );
    const gateway = await startGateway(t, { resolve });
    const url = endpoint.url.replace("127.0.0.1", "rebound.test");
    const kinds: string[] = [];
    for (let attempt = 0; attempt < 4; attempt++) kinds.push((await gateway.deliver(post(url))).kind);
    assert.deepEqual(kinds, ["delivered", "refused", "refused", "delivered"]);
    assert.deepEqual([asked.length, endpoint.connections()], [4, 2]);
  });

  it("goes to those of a name's addresses that are allowed", async (t) => {
    const endpoint = await httpEndpoint(t, (_, response) => response.end());
    const gateway = await startGateway(t, { resolve: resolving([metadata, here]).resolve });
    const outcome = await gateway.deliver(post(endpoint.url.replace("127.0.0.1", "mixed.test")));
    assert.equal(outcome.kind, "delivered");
  });

  it("goes by the port as well", async (t) => {
    const endpoint = await httpEndpoint(t, (_, response) => response.end());
    const { port } = new URL(endpoint.url);
    const guard = new EndpointGuard({ allow: `named.test:${port}, 127.0.0.1:${port}` });
    const gateway = await startGateway(t, { resolve: resolving([here]).resolve, guard });
    const kindOf = async (url: string) => (await gateway.deliver(post(url))).kind;
    assert.equal(await kindOf(endpoint.url.replace("127.0.0.1", "named.test")), "delivered");
    assert.equal(await kindOf(endpoint.url), "delivered");
    assert.equal(await kindOf("http://named.test:1/"), "refused");
    assert.equal(await kindOf("http://127.0.0.1:1/"), "refused");
  });

  it("does not follow a redirect, wherever it leads", async (t) => {
    let requests = 0;
    for (const status of [301, 302, 303, 307, 308]) {
      for (const location of ["http://169.254.169.254/", "/again"]) {
        const endpoint = await httpEndpoint(t, (_, response) => {
          requests++;
          response.writeHead(status, { location }).end();
        });
        const gateway = await startGateway(t);
        const outcome = await gateway.deliver(post(endpoint.url));
        assert.deepEqual([outcome.kind, "status" in outcome ? outcome.status : 0], ["refused", status]);
      }
    }
    assert.equal(requests, 10);
  });
});
