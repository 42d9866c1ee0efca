/**
 * The OpenAPI document is kept: a gateway is asked for everything that its document describes, rightly and wrongly, and
 * each answer is held against it. A new operation takes part by itself, or fails by name until ./world.ts knows a
 * request for it.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { eventually } from "../support/gateway-process.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { valuesOf } from "./arbitraries.ts";
import { checkAnswer } from "./check.ts";
import { answersOf, Coverage, excuseFor, nameOf } from "./coverage.ts";
import { ApiDocument, type Operation } from "./document.ts";
import { badBodies, badTexts } from "./mutations.ts";
import { makeOutage, type Outage, REQUESTS_PER_MINUTE } from "./outage.ts";
import { provocations } from "./provocations.ts";
import { type Request, World } from "./world.ts";

const SEED = 20260131;
const RUNS = 12;
/** Of the live stream. */
const MOST_READERS = 100;
const BODY_LIMIT = 1024 * 1024;
const CONDITIONS = ['"1"', 'W/"1"', "*", '"1", "2"', "nonsense"];

const noPostgres = await postgresUnavailable();

describe("the admin API and its OpenAPI document", () => {
  const world = new World();
  let document: ApiDocument;
  /** One good request each, not to be used up by requests that are refused. */
  const good = new Map<string, Request>();

  before(async () => {
    await world.start();
    document = new ApiDocument((await world.gateway.api("/documentation/json")).body);
    // There is one as soon as a request for it is made.
    const { answer } = await askFor(operationOf("latestCheckpoint"), {}, "before there is one");
    assert.equal(answer, "404 checkpoint-not-found");
    for (const operation of document.operations) {
      const request = await world.requestFor(operation);
      if (request !== undefined) good.set(operation.operationId, request);
    }
  });
  after(() => world.stop());

  const operationOf = (id: string): Operation => {
    const found = document.operations.find(({ operationId }) => operationId === id);
    assert.ok(found, `the document has no ${id}`);
    return found;
  };

  const requestOf = ({ operationId }: Operation): Request => {
    const request = good.get(operationId);
    assert.ok(request, `no request is known for ${operationId}: test/contract/world.ts needs one`);
    return request;
  };

  const coverage = new Coverage();
  /** @returns the answer's status, and a problem's code */
  const askFor = async (operation: Operation, request: Request, what: string, of = world) => {
    const given = await of.send(operation, request);
    const code = checkAnswer(document, operation, given, `${what}, ${JSON.stringify(request).slice(0, 300)}`);
    coverage.note(operation, given.status, code);
    return { status: given.status, answer: nameOf(given.status, code) };
  };
  /** @returns the status */
  const ask = async (operation: Operation, request: Request, what: string): Promise<number> =>
    (await askFor(operation, request, what)).status;

  const refused = async (operation: Operation, request: Request, what: string, ...statuses: number[]) => {
    const status = await ask(operation, request, what);
    assert.ok(
      statuses.includes(status),
      `${operation.operationId}, ${what}: ${status} instead of ${statuses.join(" or ")}; ${JSON.stringify(request).slice(0, 300)}`,
    );
  };

  it("refuses what has no token, or one of too small a role", async () => {
    for (const operation of document.operations) {
      const request = requestOf(operation);
      const isOpen = operation.security?.some((scheme) => Object.keys(scheme).length === 0) ?? false;
      if (operation.security?.length === 0 || isOpen) {
        assert.ok((await ask(operation, { ...request, token: null }, "no token")) < 400);
        continue;
      }
      await refused(operation, { ...request, token: null }, "no token", 401);
      const { "x-role": role } = operation as { readonly "x-role"?: string };
      if (role !== "viewer") await refused(operation, { ...request, token: world.viewerToken }, "a viewer", 403);
    }
  });

  it("refuses bodies that the document does not allow", async () => {
    for (const operation of document.operations) {
      const { body } = operation;
      if (body === null) continue;
      const request = requestOf(operation);
      const bad = badBodies(document, body, request.body);
      assert.ok(bad.length > 5, operation.operationId);
      for (const { what, value } of bad)
        await refused(operation, { ...request, body: JSON.stringify(value) }, what, 422);
      await refused(operation, { ...request, body: '{"code":' }, "half of a JSON document", 400);
      await refused(operation, { ...request, headers: { "content-type": "text/plain" } }, "a body of text", 415);
      await refused(operation, { ...request, body: JSON.stringify("x".repeat(BODY_LIMIT)) }, "too large a body", 413);
    }
  });

  it("refuses parameters that the document does not allow", async () => {
    for (const operation of document.operations) {
      const request = requestOf(operation);
      for (const parameter of operation.parameters) {
        for (const text of badTexts(document, parameter)) {
          const { name } = parameter;
          const what = `${name} is ${JSON.stringify(text.slice(0, 40))}`;
          // An empty part of a path is another address.
          if (parameter.in === "query") {
            await refused(operation, { ...request, query: { [name]: text } }, what, 400, 422);
          } else if (parameter.in === "path" && text !== "") {
            await refused(operation, { ...request, path: { ...request.path, [name]: text } }, what, 404, 422);
          }
        }
      }
      if (!operation.parameters.some((parameter) => parameter.in === "query")) continue;
      await refused(operation, { ...request, query: { nope: "1" } }, "an unknown parameter", 422);
      const [first] = operation.parameters.filter((parameter) => parameter.in === "query");
      await refused(operation, { ...request, query: { [first?.name ?? ""]: ["1", "2"] } }, "one parameter twice", 422);
    }
  });

  it("does not find what is not there", async () => {
    for (const operation of document.operations) {
      const names = operation.parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      if (names.length === 0 || operation.answers["404"] === undefined) continue;
      const request = requestOf(operation);
      for (const text of ["not-there", "a b/c?d#e%", "ünknown", "00000000-0000-7000-8000-000000000000"]) {
        const path = Object.fromEntries(names.map((name) => [name, text]));
        const status = await ask(operation, { ...request, path }, `there is no ${text}`);
        // What can be put there may be created; all else is not there, or cannot be.
        assert.ok([404, 422].includes(status), `${operation.operationId} of ${text}: ${status}`);
      }
    }
  });

  it("says which methods an address takes", async () => {
    for (const path of new Set(document.operations.map((operation) => operation.path))) {
      const { status, headers, text } = await world.send({ method: "PATCH", path }, {});
      assert.equal(status, 405, path);
      assert.match(headers.get("allow") ?? "", /GET|POST|PUT|DELETE/);
      assert.deepEqual(document.errors({ $ref: "#/components/schemas/Problem" }, JSON.parse(text)), []);
    }
  });

  it("answers as documented where the state of things forbids a request", async () => {
    for (const { operation: id, answer: expected, request } of provocations) {
      const operation = operationOf(id);
      const { answer } = await askFor(operation, request(requestOf(operation)), expected);
      assert.equal(answer, expected, id);
    }
    for (const operation of document.operations) {
      if (!answersOf(operation).includes("400 bad-cursor")) continue;
      const request = { ...requestOf(operation), query: { after: "none-of-yours" } };
      assert.equal((await askFor(operation, request, "a cursor of nobody's")).answer, "400 bad-cursor");
    }
  });

  it("takes a good request of every operation", async () => {
    for (const operation of document.operations) {
      const status = await ask(operation, requestOf(operation), "a good request");
      assert.ok(status >= 200 && status < 300, `${operation.operationId}: ${status}`);
    }
  });

  it("answers as documented to whatever the document allows", async () => {
    for (const operation of document.operations) {
      const request = requestOf(operation);
      const of = (place: "query" | "header") => operation.parameters.filter((parameter) => parameter.in === place);
      const query = Object.fromEntries(of("query").map(({ name, schema }) => [name, valuesOf(document, schema)]));
      const headers = Object.fromEntries(of("header").map(({ name }) => [name, fc.constantFrom(...CONDITIONS)]));
      const arbitrary = fc.record({
        query: fc.record(query, { requiredKeys: [] }),
        headers: fc.record(headers, { requiredKeys: [] }),
        body: operation.body === null ? fc.constant(undefined) : valuesOf(document, operation.body),
      });
      const property = fc.asyncProperty(arbitrary, async ({ query, headers, body }) => {
        if (operation.body !== null) assert.deepEqual(document.errors(operation.body, body), []);
        const text = body === undefined ? undefined : JSON.stringify(body);
        const sent = headers as Readonly<Record<string, string>>;
        await ask(operation, { ...request, query, headers: sent, body: text }, "allowed");
      });
      await fc.assert(property, { seed: SEED, numRuns: RUNS });
    }
  });

  it("sends the events of the live stream as the document has them", async () => {
    const events = await world.gateway.all("/api/v1/events");
    const [first, ...rest] = events;
    const heard = await world.listen(`/api/v1/live?after=${first.position}`, rest.length);
    for (const [index, { id, event, data = "" }] of heard.entries()) {
      assert.equal(event, undefined);
      const envelope = JSON.parse(data);
      assert.deepEqual(document.errorsOfAnswer({ $ref: "#/components/schemas/Event" }, envelope), [], data);
      assert.deepEqual([id, envelope], [rest[index].position, rest[index]]);
    }
    assert.ok(new Set(rest.map(({ type }) => type)).size > 8);
  });

  it("lets no more read the live stream than it says", async () => {
    const tail = operationOf("tailEvents");
    const readers = await Promise.all(Array.from({ length: MOST_READERS }, () => world.follow("/api/v1/live")));
    try {
      // A reader counts once it has what was recorded before it came.
      await eventually(
        async () => (await askFor(tail, {}, "one reader too many")).answer === "503 too-many-readers",
        "one reader is too many",
      );
    } finally {
      for (const leave of readers) leave();
    }
  });

  describe("without its databases", { skip: noPostgres ?? false }, () => {
    let outage: Outage;
    const prepared = new Map<string, Request>();
    const documenting = (answer: string): readonly Operation[] =>
      document.operations.filter((operation) => answersOf(operation).includes(answer));
    before(async () => {
      outage = await makeOutage();
      await outage.world.start();
      for (const operation of document.operations) {
        const { operationId } = operation;
        if (operationId === "latestCheckpoint") prepared.set(operationId, {});
        else prepared.set(operationId, (await outage.world.requestFor(operation)) as Request);
      }
    });
    after(() => outage.stop());

    /** That every operation that documents the answer gives it. */
    const allAnswer = async (answer: string, more: Request = {}): Promise<void> => {
      const wrong: string[] = [];
      for (const operation of documenting(answer)) {
        const request = { ...prepared.get(operation.operationId), ...more };
        const { answer: given } = await askFor(operation, request, answer, outage.world);
        if (given !== answer && excuseFor(operation, answer) === undefined)
          wrong.push(`${operation.operationId}: ${given}`);
      }
      assert.deepEqual(wrong, [], answer);
    };

    it("says that nothing is sealed", () => allAnswer("503 seals-unavailable"));

    it("says that the projection is not there", async () => {
      outage.projection.interrupt();
      await allAnswer("503 projection-unavailable");
      outage.projection.restore();
    });

    it("says that too much is asked", async () => {
      const cheap = operationOf("publishStatus");
      const token = outage.world.viewerToken;
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          for (let n = 0; n < REQUESTS_PER_MINUTE / 50; n++) await outage.world.send(cheap, { token });
        }),
      );
      await allAnswer("429 rate-limited", { token });
    });

    it("says that the log is not there, which has the tokens", async () => {
      const { world: cut } = outage;
      const token = cut.viewerToken;
      await cut.gateway.kill();
      outage.log.interrupt();
      await cut.gateway.start();
      await allAnswer("503 log-unavailable", { token, headers: { "x-forwarded-for": "192.0.2.1" } });
    });
  });

  it("gives every answer that the document has, or is excused for it", { skip: noPostgres ?? false }, () => {
    assert.deepEqual(coverage.faults(document), []);
  });
});
