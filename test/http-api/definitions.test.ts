/** Bad definitions get every error at once, and nothing that is sent as one makes the server fail. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { FlowInput } from "@sluice/contracts";
import fc from "fast-check";
import { tellingSchema } from "../../packages/app/src/validation/telling-schema.ts";
import { AdminFixture } from "./support/admin-fixture.ts";

interface ErrorItem {
  readonly pointer: string;
  readonly keyword: string;
  readonly message: string;
}

/** Often nearly a definition, and sometimes one. */
const nearly = fc.record(
  {
    code: fc.oneof(fc.string(), fc.stringMatching(/^[A-Z]{1,8}$/)),
    topic: fc.oneof(fc.string(), fc.constantFrom("a/+", "a/{b}/{b}", "$share/g/a", "#")),
    description: fc.anything(),
    enabled: fc.oneof(fc.boolean(), fc.anything()),
    qos: fc.oneof(fc.constantFrom(0, 1, 2), fc.anything()),
    payloadSchema: fc.oneof(
      fc.object(),
      fc.json().map((text) => JSON.parse(text)),
      fc.constant({ t: "float" }),
    ),
    payload: fc.anything(),
    thresholds: fc.array(fc.record({ attribute: fc.anything(), min: fc.anything(), max: fc.double() })),
    actions: fc.array(
      fc.oneof(
        fc.anything(),
        fc.record({
          type: fc.constantFrom("STORE_DB", "POST_ENDPOINT"),
          url: fc.oneof(fc.webUrl(), fc.anything()),
          headers: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
          rename: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
          attributes: fc.oneof(fc.array(fc.string()), fc.anything()),
        }),
      ),
    ),
  },
  { requiredKeys: [] },
);
const anyDefinition = fc.oneof(nearly, fc.anything());

describe("definitions of flows", () => {
  let api: AdminFixture;
  before(async () => {
    api = await new AdminFixture().start();
  });
  after(() => api.stop());

  it("are refused where their endpoint is one to which nothing is sent, with a pointer", async () => {
    const actions = ["https://good.example/", "http://2852039166/", "http://[fe80::1]:80/", "http://metadata/"].map(
      (url) => ({ type: "POST_ENDPOINT", url }),
    );
    const { status, body } = await api.call("/api/v1/flows", { body: { code: "X", topic: "x", actions } });
    assert.deepEqual([status, body.code], [422, "bad-definition"]);
    assert.deepEqual(
      body.errors.map(({ pointer, keyword, message }: ErrorItem) => [pointer, keyword, message.split(",", 1)[0]]),
      [
        ["/actions/1/url", "url", "is blocked: 169.254.169.254 is link-local"],
        ["/actions/2/url", "url", "is blocked: fe80::1 is link-local"],
        ["/actions/3/url", "url", "is blocked: metadata is a cloud's metadata server"],
      ],
    );
  });

  const errorsOf = async (body: unknown): Promise<ErrorItem[]> => {
    const answer = await api.call("/api/v1/flows", { body });
    assert.deepEqual([answer.status, answer.body.code], [422, "bad-definition"], JSON.stringify(answer.body));
    return answer.body.errors;
  };
  const placesOf = async (body: unknown) =>
    (await errorsOf(body)).map(({ pointer, keyword }) => `${pointer} ${keyword}`);
  const good = { code: "GOOD", topic: "a/b", actions: [{ type: "STORE_DB" }] };

  it("lists errors of shape, of meaning and of the payload schema together", async () => {
    const places = await placesOf({
      code: "has space",
      topic: "a/#/b",
      qos: 3,
      colour: "red",
      payloadSchema: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "objekt", minimun: 3 },
      payload: { codec: "xml", timestamp: "no pointer" },
      actions: [
        { type: "POST_ENDPOINT", url: "http://user:secret@host/", headers: { "bad header": "x" } },
        { type: "POST_ENDPOINT", url: "http://host/", prio: 1, priority: 11 },
        { type: "STORE_DB", id: "x", rename: { a: "b", c: "b" } },
        { type: "STORE_DB", id: "x" },
        { type: "DELETE_DB" },
        "STORE_DB",
      ],
      thresholds: [{ attribute: "t", min: 5, max: 1 }, { attribute: "t" }, { min: 1 }],
    });
    assert.deepEqual(places.sort(), [
      "/actions/0/headers/bad header header",
      "/actions/0/url url",
      "/actions/1/prio additionalProperties",
      "/actions/1/priority maximum",
      "/actions/2/rename/c rename",
      "/actions/3/id uniqueItems",
      "/actions/4/type enum",
      "/actions/5 type",
      "/actions/5/type enum",
      "/code pattern",
      "/colour additionalProperties",
      "/payload/codec enum",
      "/payload/timestamp pattern",
      "/payloadSchema/minimun minimun",
      "/payloadSchema/type enum",
      "/qos enum",
      "/thresholds/0 threshold",
      "/thresholds/1 threshold",
      "/thresholds/2/attribute required",
      "/topic topic",
    ]);
  });

  it("says what is missing, and what is no definition at all", async () => {
    assert.deepEqual((await placesOf({})).sort(), ["/actions required", "/code required", "/topic required"]);
    for (const body of ["null", "[]", "5", '"text"']) assert.deepEqual(await placesOf(body), [" type"], body);
    assert.deepEqual(await placesOf({ ...good, actions: [] }), ["/actions minItems"]);
    assert.deepEqual(await placesOf({ ...good, actions: {} }), ["/actions type"]);
    const none = await api.call("/api/v1/flows", { method: "POST" });
    assert.deepEqual([none.status, none.body.code], [422, "bad-definition"]);
  });

  it("reports of an action only what is wrong for its type", async () => {
    const [error, ...others] = await errorsOf({ ...good, actions: [{ type: "POST_ENDPOINT", url: 5 }] });
    assert.deepEqual(others, []);
    assert.deepEqual(error, { pointer: "/actions/0/url", keyword: "type", message: "must be string" });
    const [unknown, ...more] = await errorsOf({ ...good, actions: [{ type: "X", url: "http://a" }] });
    assert.deepEqual(more, []);
    assert.equal(unknown?.message, 'must be one of ["STORE_DB","POST_ENDPOINT"]');
  });

  it("judges the older gateway's dialect and JSON Schema alike", async () => {
    assert.deepEqual(await placesOf({ ...good, payloadSchema: { t: "flaot", h: { type: "float" } } }), [
      "/payloadSchema/t type",
    ]);
    assert.deepEqual(await placesOf({ ...good, payloadSchema: { type: "object", required: "a" } }), [
      "/payloadSchema/required type",
    ]);
    assert.deepEqual(await placesOf({ ...good, payloadSchema: 5 }), ["/payloadSchema type"]);
    for (const [index, payloadSchema] of [{ t: "float" }, { type: "object" }, true, null].entries()) {
      await api.define(`SCHEMA${index}`, "a/b", { payloadSchema });
    }
  });

  it("lets a threshold leave out what happens, and refuses codes that no address can name", async () => {
    await api.define("FLAGS", "a", { thresholds: [{ attribute: "t", max: 5 }] });
    const { body } = await api.call("/api/v1/flows/FLAGS");
    assert.deepEqual(body.thresholds, [{ attribute: "t", max: 5, onBreach: "flag" }]);
    for (const code of [".", "..", "", "a/b", "x".repeat(101)]) {
      assert.deepEqual(await placesOf({ ...good, code }), ["/code pattern"], code);
    }
    for (const code of ["...", "x".repeat(100), "-", "retry.json"]) {
      await api.define(code, "a");
      assert.equal((await api.call(`/api/v1/flows/${code}`)).status, 200, code);
    }
  });

  it("answers 201 or 422, whatever is sent as a definition", async () => {
    await fc.assert(
      fc.asyncProperty(anyDefinition, async (definition) => {
        const text = JSON.stringify(definition) ?? "null";
        // Names that a prototype could be reached by are refused while parsing.
        fc.pre(!/"(__proto__|constructor)"/.test(text));
        const { status, body } = await api.call("/api/v1/flows", { body: text });
        assert.ok([201, 409, 422].includes(status), `${status} for ${text}`);
        if (status === 422) assert.ok(body.errors.length > 0, text);
      }),
      { numRuns: 300 },
    );
  });

  it("takes the same values by the schema that tells more as by the one that it is made from", () => {
    const validator = new AjvPayloadValidator();
    const [original, telling] = [FlowInput, tellingSchema(FlowInput)].map((schema) =>
      validator.compile(schema as Readonly<Record<string, unknown>>),
    );
    const good = fc.constantFrom(
      { code: "A", topic: "a", actions: [{ type: "STORE_DB", attributes: ["a"] }], payloadSchema: null },
      { code: "A", topic: "a", actions: [{ type: "POST_ENDPOINT", url: "http://a" }], payloadSchema: true },
    );
    fc.assert(
      fc.property(fc.oneof(anyDefinition, good), (definition) => {
        const value = JSON.parse(JSON.stringify(definition) ?? "null");
        assert.equal(telling?.(value).length === 0, original?.(value).length === 0, JSON.stringify(value));
      }),
      { numRuns: 300 },
    );
  });
});
