/** The contract test can fail: each way of not keeping to a document is found. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problems } from "@sluice/contracts";
import { checkAnswer, checkExchange } from "./check.ts";
import { Coverage } from "./coverage.ts";
import { ApiDocument, type Operation } from "./document.ts";
import type { Excuse } from "./excuses.ts";
import { badBodies } from "./mutations.ts";
import { World } from "./world.ts";

const thing = {
  type: "object",
  required: ["n"],
  properties: { n: { type: "integer", maximum: 9 } },
  additionalProperties: false,
};
const json = (schema: object) => ({ content: { "application/json": { schema } } });
const document = new ApiDocument({
  components: { schemas: { Thing: thing } },
  paths: {
    "/things": {
      post: {
        operationId: "makeThing",
        requestBody: json({ $ref: "#/components/schemas/Thing" }),
        responses: {
          201: { description: "Made.", headers: { Location: {} }, ...json({ $ref: "#/components/schemas/Thing" }) },
          204: { description: "Nothing." },
          422: { description: "`invalid-query`: no.", content: { "application/problem+json": { schema: {} } } },
        },
      },
    },
  },
});
const [operation] = document.operations as [Operation];

const problem = (code: "invalid-query" | "bad-cursor") => ({
  code,
  status: 422,
  title: problems[code].title,
  type: `urn:sluice:problem:${code}`,
});

const answer =
  (status: number, body: unknown, type: string, headers: Record<string, string> = {}) =>
  () =>
    checkAnswer(
      document,
      operation,
      {
        status,
        headers: new Headers({ "x-request-id": "1", "content-type": type, ...headers }),
        text: body === undefined ? "" : JSON.stringify(body),
      },
      "a request",
    );

describe("the contract test", () => {
  it("passes what is as documented", () => {
    answer(201, { n: 1 }, "application/json; charset=utf-8", { location: "/things/1" })();
    answer(204, undefined, "")();
    answer(422, problem("invalid-query"), "application/problem+json")();
  });

  it("finds what is not", () => {
    const location = { location: "/things/1" };
    assert.throws(answer(500, {}, "application/problem+json"));
    assert.throws(answer(200, { n: 1 }, "application/json"), /a status that the document does not have/);
    assert.throws(answer(201, { n: 1 }, "application/json"), /has no Location/);
    assert.throws(answer(201, { n: 1 }, "text/plain", location));
    assert.throws(answer(201, { n: 10 }, "application/json", location), /must be <= 9/);
    assert.throws(answer(204, {}, "application/json"), /a body that the document does not have/);
    assert.throws(answer(201, { n: 1, m: 2 }, "application/json", location), /additional properties/);
    assert.throws(answer(422, problem("bad-cursor"), "application/problem+json"), /is a problem/);
    assert.throws(answer(422, { ...problem("invalid-query"), title: "No" }, "application/problem+json"));
    assert.throws(() => checkExchange(document, "GET", "/else", { status: 200, headers: new Headers(), text: "" }));
  });

  it("makes bodies that are wrong in each way", () => {
    const made = badBodies(document, operation.body ?? {}, { n: 1 }).map(({ what }) => what);
    for (const what of ["the whole is null", "an unknown member", "without n", "n is 10", 'n is "text"']) {
      assert.ok(made.includes(what), what);
    }
  });

  it("finds answers that nothing provokes, and excuses that hold no more", () => {
    const coverage = new Coverage();
    const why = "as a test of excuses";
    coverage.note(operation, 201, null);
    assert.deepEqual(coverage.faults(document, []), [
      "makeThing: 204 was not provoked",
      "makeThing: 422 invalid-query was not provoked",
    ]);
    const excused = (...given: readonly Omit<Excuse, "why">[]) =>
      coverage.faults(
        document,
        given.map((one) => ({ ...one, why })),
      );
    const rest: readonly Omit<Excuse, "why">[] = [
      { answer: "204", of: ["makeThing"] },
      { answer: "422 invalid-query", of: () => true },
    ];
    assert.deepEqual(excused(...rest), []);
    assert.deepEqual(excused(...rest, { answer: "201", of: ["makeThing"] }), [
      "makeThing: 201 was provoked, and is excused",
    ]);
    assert.deepEqual(excused(...rest, { answer: "404", of: () => true }), ["an excuse for 404 is for nothing"]);
    assert.deepEqual(excused({ answer: "204", of: ["makeThing", "gone"] }, ...rest.slice(1)), [
      "gone: 204 is excused, and not documented",
    ]);
  });

  it("knows no request for an operation that is new and takes a body", async () => {
    const world = new World();
    assert.equal(await world.requestFor(operation), undefined);
    await world.gateway.dispose();
  });
});
