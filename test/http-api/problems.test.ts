/** Every problem of the catalogue, how it comes about, and that it tells nothing that it should not. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { problemsMarkdown } from "@sluice/app/http";
import { type Problem, type ProblemCode, problems } from "@sluice/contracts";
import {
  EventStoreUnavailable,
  ProjectionUnavailable,
  PublisherUnavailable,
  type PublishOutcome,
} from "@sluice/domain";
import { SealsUnavailable } from "../../packages/app/src/integrity/checkpoint-service.ts";
import { AdminFixture, type Call, TOKEN } from "./support/admin-fixture.ts";

const GOOD = { topic: "a", actions: [{ type: "STORE_DB" }] };

describe("problems", () => {
  let api: AdminFixture;
  const seen = new Set<string>();

  before(async () => {
    api = await new AdminFixture().start();
    await api.define("THERE", "there");
  });
  after(() => api.stop());

  const expect = async (code: ProblemCode, url: string, call: Call = {}) => {
    const answer = await api.call<Problem>(url, call);
    assert.deepEqual([answer.status, answer.body.code], [problems[code].status, code], `${call.method ?? ""} ${url}`);
    seen.add(code);
    return answer;
  };

  /** What a request that HTTP's parser refuses is answered, on the socket itself. */
  const speak = async (text: string, meddle: (socket: Socket) => void = () => {}): Promise<string> => {
    if (!api.app.server.listening) await api.app.listen({ host: "127.0.0.1", port: 0 });
    const accepted = once(api.app.server, "connection");
    const socket = connect((api.app.server.address() as AddressInfo).port, "127.0.0.1");
    const [server] = await accepted;
    socket.write(text);
    meddle(server as Socket);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
    assert.match(answer, /\r\nContent-Type: application\/problem\+json\r\n/);
    const problem: Problem = JSON.parse(body);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${problem.status} `));
    seen.add(problem.code);
    return problem.code;
  };

  it("addresses", async () => {
    for (const url of ["/", "/nope", "/api", "/api/v1", "/api/v1/flows/THERE/nope", "/API/v1/flows"]) {
      await expect("not-found", url);
    }
    await expect("flow-not-found", "/api/v1/flows/NOT_THERE");
    await expect("flow-not-found", "/api/v1/flows/a%20b%2Fc");
    await expect("message-not-found", "/api/v1/messages/5");
    await expect("row-not-found", "/api/v1/data/5");
    await expect("replay-not-found", "/api/v1/replays/5");
    await expect("dead-letter-not-found", "/api/v1/dead-letters/x/retry", { method: "POST" });
    await expect("replay-not-found", "/api/v1/replays/00000000-0000-7000-8000-000000000000");
    await expect("bad-request", "/api/v1/flows/%E0%A4%A");
    for (const [method, url, allow] of [
      ["PATCH", "/api/v1/flows/THERE", "DELETE, GET, HEAD, PUT"],
      ["DELETE", "/api/v1/flows", "GET, HEAD, POST"],
      ["GET", "/api/v1/flows/THERE/enable", "POST"],
      ["OPTIONS", "/api/v1/events", "GET, HEAD"],
      ["PUT", "/api/v1/events/?limit=1", "GET, HEAD"],
      ["POST", "/health", "GET, HEAD"],
    ] as const) {
      const { headers } = await expect("method-not-allowed", url, { method });
      assert.equal(headers.allow, allow);
      assert.equal(headers["access-control-allow-origin"], undefined);
    }
  });

  it("bodies", async () => {
    const post = (body: string, headers: Record<string, string> = {}): [string, Call] => [
      "/api/v1/flows",
      { body, headers },
    ];
    for (const body of ["{", "{'a':1}", '{"a":1} x', '{"__proto__":{}}', '{"constructor":{"prototype":1}}', "\u0000"]) {
      await expect("bad-request", ...post(body));
    }
    const good = (code: string) => JSON.stringify({ code, ...GOOD });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"]) {
      await expect("unsupported-media-type", ...post(good("X"), { "content-type": type }));
    }
    for (const [index, type] of ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"].entries()) {
      const { status } = await api.call(...post(good(`TYPE${index}`), { "content-type": type }));
      assert.equal(status, 201, type);
    }
    await expect("payload-too-large", ...post(`{"code":"${"x".repeat(1024 * 1024)}"}`));
    await expect("bad-definition", ...post("{}"));
    await expect("invalid-query", "/api/v1/flows/THERE/test", { body: {} });
  });

  it("flows", async () => {
    await expect("flow-exists", "/api/v1/flows", { body: { code: "THERE", ...GOOD } });
    const put = { method: "PUT", body: { code: "THERE", ...GOOD } } as const;
    await expect("precondition-failed", "/api/v1/flows/THERE", { ...put, headers: { "if-match": '"9"' } });
    api.storeInstead.append = async (batch) => {
      // Another writer is faster.
      const event = {
        id: crypto.randomUUID(),
        type: "FlowDisabled",
        schemaVersion: 1,
        data: { flow: "THERE" },
      } as const;
      await api.realStore.append([{ stream: "flow-THERE", expected: "any", events: [{ ...event, metadata: {} }] }]);
      return api.realStore.append(batch);
    };
    await expect("flow-conflict", "/api/v1/flows/THERE", put);
    api.storeInstead = {};
    await api.registry.reload();
    const cursor = Buffer.from('["history","1"]').toString("base64url");
    for (const after of ["x", "W10", cursor]) await expect("bad-cursor", `/api/v1/flows?after=${after}`);
    for (const after of ["x", Buffer.from('["history","x"]').toString("base64url")]) {
      await expect("bad-cursor", `/api/v1/flows/THERE/history?after=${after}`);
    }
    await expect("invalid-query", "/api/v1/flows?limit=-1");
    await expect("invalid-query", "/api/v1/flows/THERE?version=2");
  });

  it("stores that cannot be reached: 503, when to try again, and not a word of where they are", async () => {
    const down = async () => {
      throw new EventStoreUnavailable("disk full: /var/lib/sluice/events.db");
    };
    api.storeInstead = { append: down, readAll: down, readStream: down };
    for (const [url, call] of [
      ["/api/v1/flows", { body: { code: "NEW", ...GOOD } }],
      ["/api/v1/flows/THERE/enable", { method: "POST" }],
      ["/api/v1/flows/THERE", { method: "DELETE" }],
      ["/api/v1/flows/THERE?at=2026-01-01", {}],
      ["/api/v1/flows/THERE/history", {}],
      ["/api/v1/events", {}],
      [`/api/v1/messages/${crypto.randomUUID()}`, {}],
      ["/api/v1/dead-letters/retry", { body: { filter: {} } }],
    ] as const) {
      const { headers, body } = await expect("log-unavailable", url, call);
      assert.equal(headers["retry-after"], "2");
      assert.doesNotMatch(JSON.stringify(body), /events\.db/);
    }
    assert.equal((await api.call("/api/v1/flows/THERE")).status, 200, "what is in memory can still be read");
    api.storeInstead = {};

    const away = async () => {
      throw new ProjectionUnavailable("connect ECONNREFUSED 10.0.0.5:3306");
    };
    api.projectionInstead = { data: away, deadLetters: away };
    await api.define("LIVES", "lives");
    const [id] = await api.publish("lives", "1");
    for (const [url, call] of [
      ["/api/v1/data", {}],
      ["/api/v1/dead-letters", {}],
      [`/api/v1/messages/${id}`, {}],
      ["/api/v1/dead-letters/discard", { body: { ids: ["x"] } }],
      ["/api/v1/dead-letters/x/discard", { method: "POST" }],
    ] as const) {
      const { headers, body } = await expect("projection-unavailable", url, call);
      assert.equal(headers["retry-after"], "2");
      assert.doesNotMatch(JSON.stringify(body), /10\.0\.0\.5/);
    }
    api.projectionInstead = {};
  });

  it("defects: an id to find them by, and nothing else", async () => {
    for (const error of [new Error("secret /etc/passwd"), new TypeError("x is not a function"), "thrown text"]) {
      api.logged.length = 0;
      api.projectionInstead.data = async () => {
        throw error;
      };
      const { body, headers } = await expect("internal-error", "/api/v1/data");
      assert.deepEqual(Object.keys(body).sort(), ["code", "instance", "status", "title", "type"]);
      assert.equal(body.instance, `urn:sluice:request:${headers["x-request-id"]}`);
      const line = api.logged.map((text) => JSON.parse(text)).find((entry) => entry.level === 50);
      assert.equal(line.reqId, headers["x-request-id"]);
      assert.match(JSON.stringify(line.err), /secret|is not a function|thrown text/);
    }
    api.projectionInstead = {};
  });

  it("requests that HTTP's parser refuses", async () => {
    const host = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    assert.equal(await speak("garbage\r\n\r\n"), "bad-request");
    assert.equal(await speak(`GET /health HTTP/1.1\r\n${host}X: ${"y".repeat(20_000)}\r\n\r\n`), "headers-too-large");
    const late = await speak("GET /health HTTP/1.1\r\n", (socket) => {
      const timeout = Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
      api.app.server.emit("clientError", timeout, socket);
    });
    assert.equal(late, "request-timeout");
  });

  it("more readers of the live tail than may be", async () => {
    api.live.maxReaders = 0;
    const { headers } = await expect("too-many-readers", "/api/v1/live");
    assert.equal(headers["retry-after"], "5");
    api.live.maxReaders = 100;
    await expect("bad-cursor", "/api/v1/live?after=x");
    await expect("bad-cursor", "/api/v1/live", { headers: { "last-event-id": "x" } });
    await expect("invalid-query", "/api/v1/live?type=Nothing");
  });

  it("no token, none that is right", async () => {
    await expect("unauthorized", "/api/v1/flows", { token: null });
  });

  it("messages to publish that are not taken, or not delivered", async () => {
    const receipt = (state: "queued" | "refused", outcome: PublishOutcome) => async () => ({
      broker: "default",
      receipt: { id: "1", state, evicted: [], outcome: Promise.resolve(outcome) },
    });
    const refused = { state: "refused", reason: "full" } as const;
    const rejected = { state: "rejected", reason: "not authorized" } as const;
    const body = { topic: "a", payload: "x", wait: true };
    api.publishing.publish = receipt("refused", refused);
    await expect("publish-queue-full", "/api/v1/publish", { body });
    api.publishing.publish = receipt("queued", rejected);
    const failed = await expect("publish-failed", "/api/v1/publish", { body });
    assert.equal(failed.body.detail, "rejected: not authorized");
    const away = () => Promise.reject(new PublisherUnavailable("disk full: /var/lib/sluice/publish.db"));
    api.publishing = { publish: away, status: away };
    for (const call of [{ body }, {}]) {
      const answer = await expect("publish-unavailable", "/api/v1/publish", call);
      assert.equal(answer.headers["retry-after"], "2");
      assert.doesNotMatch(JSON.stringify(answer.body), /publish\.db/);
    }
  });

  it("tokens: one of too small a role, one that exists, one that does not", async () => {
    const body = { name: "reader", role: "viewer" };
    const { token } = (await api.call("/api/v1/tokens", { body })).body;
    await expect("token-exists", "/api/v1/tokens", { body });
    const { body: forbidden } = await expect("forbidden", "/api/v1/tokens", { token });
    assert.equal(forbidden.detail, "it takes the role admin, and this token has the role viewer");
    await api.call("/api/v1/tokens/reader", { method: "DELETE" });
    await expect("token-not-found", "/api/v1/tokens/reader", { method: "DELETE" });
  });

  it("too many requests, with a time to wait", async (t) => {
    const limited = new AdminFixture();
    limited.rateLimits = { perMinute: 1, failuresPerMinute: 1 };
    await limited.start();
    t.after(() => limited.stop());
    await limited.call("/api/v1/flows");
    const { status, body, headers } = await limited.call("/api/v1/flows");
    assert.deepEqual([status, body.code], [429, "rate-limited"]);
    assert.match(`${headers["retry-after"]}`, /^[1-9]\d?$/);
    seen.add(body.code);
  });

  it("checkpoints: none yet, and seals that cannot be read", async () => {
    api.checkpoints = { ...api.checkpoints, latest: async () => null };
    await expect("checkpoint-not-found", "/api/v1/checkpoints/latest");
    const away = () => Promise.reject(new SealsUnavailable("damaged: /var/lib/sluice/seals.db"));
    api.checkpoints = { list: away, latest: away, make: away };
    for (const [address, method] of [
      ["/api/v1/checkpoints", "GET"],
      ["/api/v1/checkpoints/latest", "GET"],
      ["/api/v1/checkpoints", "POST"],
    ] as const) {
      const answer = await expect("seals-unavailable", address, { method });
      assert.doesNotMatch(JSON.stringify(answer.body), /seals\.db/);
    }
  });

  it("leaves no problem of the catalogue untried", () => {
    assert.deepEqual(new Set(Object.keys(problems)).difference(seen), new Set());
  });

  it("docs/problems.md is made from the catalogue", () => {
    assert.equal(
      readFileSync(join(import.meta.dirname, "../../docs/problems.md"), "utf8"),
      problemsMarkdown(),
      "docs/problems.md is out of date: run `node packages/app/src/cli/write-docs.ts`",
    );
  });

  it("writes no token to the log", async () => {
    await api.call("/api/v1/flows");
    await api.call("/api/v1/flows?token=x", { token: `${TOKEN}x` });
    await api.call("/api/v1/flows", { body: "{" });
    assert.ok(api.logged.length > 2);
    for (const line of api.logged) assert.doesNotMatch(line, /correct-horse/);
  });
});
