import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ActionInput, FlowDefinitionInput } from "@sluice/contracts";
import { normaliseDefinition } from "@sluice/domain";

const defaults = { timeoutSeconds: 7 };

const minimal: FlowDefinitionInput = { code: "AHT10", topic: "sensors/aht10", actions: [{ type: "STORE_DB" }] };

const post = (changes: object = {}): ActionInput => ({ type: "POST_ENDPOINT", url: "http://127.0.0.1/", ...changes });

/** Pointer and keyword of each error. */
const errorsOf = (changes: object): readonly string[] => {
  const normalised = normaliseDefinition({ ...minimal, ...changes } as FlowDefinitionInput, defaults);
  return normalised.ok ? [] : normalised.errors.map(({ pointer, keyword }) => `${pointer} ${keyword}`);
};

describe("a definition", () => {
  it("gets every default", () => {
    assert.deepEqual(normaliseDefinition({ ...minimal, actions: [{ type: "STORE_DB" }, post()] }, defaults), {
      ok: true,
      enabled: true,
      definition: {
        code: "AHT10",
        topic: "sensors/aht10",
        description: "",
        broker: "default",
        qos: 1,
        payloadSchema: null,
        payload: { codec: "json", onInvalid: "reject" },
        actions: [
          { id: "STORE_DB", type: "STORE_DB" },
          {
            id: "POST_ENDPOINT",
            type: "POST_ENDPOINT",
            url: "http://127.0.0.1/",
            headers: {},
            timeoutSeconds: 7,
            maxAttempts: 10,
            ordered: false,
            concurrency: 8,
            priority: 5,
          },
        ],
        thresholds: [],
      },
    });
  });

  it("keeps all that it says itself", () => {
    const full = {
      code: "full",
      description: "everything",
      topic: "$share/g/sensors/{site}/{id:mac}",
      broker: "north",
      qos: 0 as const,
      payloadSchema: { temperature: "float" },
      payload: { codec: "json" as const, onInvalid: "flag" as const, timestamp: "/at" },
      actions: [
        { id: "rows", type: "STORE_DB" as const, attributes: ["temperature"], rename: { temperature: "celsius" } },
        {
          id: "hook",
          type: "POST_ENDPOINT" as const,
          url: "https://example.com:8443/in?x=1#y",
          headers: { Authorization: "Bearer a.b-c", "X-Latin": "é" },
          timeoutSeconds: 0.5,
          maxAttempts: 1,
          ordered: true,
          concurrency: 1,
          priority: 10,
        },
      ],
      thresholds: [{ attribute: "temperature", min: 5, max: 5, onBreach: "reject" as const }],
    };
    assert.deepEqual(normaliseDefinition({ ...full, enabled: false }, defaults), {
      ok: true,
      enabled: false,
      definition: full,
    });
  });

  it("flags breaches unless it says otherwise", () => {
    const thresholds = [{ attribute: "a", min: 0 }] as unknown as FlowDefinitionInput["thresholds"] & object;
    const normalised = normaliseDefinition({ ...minimal, thresholds }, defaults);
    assert.deepEqual(normalised.ok && normalised.definition.thresholds, [{ attribute: "a", min: 0, onBreach: "flag" }]);
  });

  it("numbers actions without an id among those of their type", () => {
    const idsOf = (...actions: ActionInput[]) => {
      const normalised = normaliseDefinition({ ...minimal, actions }, defaults);
      return normalised.ok && normalised.definition.actions.map(({ id }) => id);
    };
    assert.deepEqual(idsOf(post(), { type: "STORE_DB" }, post(), { type: "STORE_DB" }, post()), [
      "POST_ENDPOINT",
      "STORE_DB",
      "POST_ENDPOINT-2",
      "STORE_DB-2",
      "POST_ENDPOINT-3",
    ]);
    assert.deepEqual(idsOf(post({ id: "hook" }), post()), ["hook", "POST_ENDPOINT-2"]);
  });

  it("is refused for each of these", () => {
    const cases: readonly (readonly [changes: object, errors: readonly string[]])[] = [
      [{ topic: "a/#/b" }, ["/topic topic"]],
      [{ topic: "a/{b" }, ["/topic topic"]],
      [{ payloadSchema: { a: "floot", "b/c": "x" } }, ["/payloadSchema/a type", "/payloadSchema/b~1c type"]],
      [{ payloadSchema: { properties: { a: "floot" } } }, ["/payloadSchema/properties/a type"]],
      [{ actions: [] }, ["/actions minItems"]],
      [{ actions: [post({ id: "x" }), post({ id: "x" })] }, ["/actions/1/id uniqueItems"]],
      [{ actions: [post(), post({ id: "POST_ENDPOINT" })] }, ["/actions/1/id uniqueItems"]],
      [{ actions: [post({ id: "POST_ENDPOINT-2" }), post()] }, ["/actions/1 uniqueItems"]],
      [{ thresholds: [{ attribute: "a" }] }, ["/thresholds/0 threshold"]],
      [
        {
          thresholds: [
            { attribute: "a", max: 1 },
            { attribute: "a", min: 2, max: 1 },
          ],
        },
        ["/thresholds/1 threshold"],
      ],
    ];
    for (const [changes, errors] of cases) assert.deepEqual(errorsOf(changes), errors, JSON.stringify(changes));
  });

  it("is told every error at once", () => {
    const changes = {
      topic: "a#",
      payloadSchema: { a: "floot" },
      actions: [post({ url: "ftp://x/" }), post({ id: "POST_ENDPOINT", headers: { Host: "x" } })],
      thresholds: [{ attribute: "a" }],
    };
    assert.deepEqual(errorsOf(changes), [
      "/topic topic",
      "/payloadSchema/a type",
      "/actions/0/url url",
      "/actions/1/id uniqueItems",
      "/actions/1/headers/Host header",
      "/thresholds/0 threshold",
    ]);
  });

  it("may be of any shape without anything being thrown", () => {
    const odd: readonly unknown[] = [null, undefined, 5, "x", [], {}, { topic: 5, actions: {} }];
    const oddParts = [
      {
        actions: [
          null,
          5,
          {},
          { type: "X" },
          { type: "POST_ENDPOINT" },
          { type: "STORE_DB", rename: 5, attributes: "a" },
        ],
      },
      { actions: [post({ url: 5 }), post({ headers: ["a"] }), post({ headers: { a: 5 } })] },
      { actions: [{ type: "STORE_DB", rename: { a: 5, b: null, c: {} } }] },
      { thresholds: [null], payload: 3, payloadSchema: 7 },
      { thresholds: {}, payload: [] },
    ].map((part) => ({ ...minimal, ...part }));
    for (const input of [...odd, ...oddParts]) {
      const normalised = normaliseDefinition(input as FlowDefinitionInput, defaults);
      const mayPass = input === oddParts[2];
      assert.equal(normalised.ok, mayPass, JSON.stringify(input));
    }
  });
});

describe("renames", () => {
  const errorsOfRename = (action: object, payloadSchema: unknown = null) =>
    errorsOf({ payloadSchema, actions: [{ type: "STORE_DB", ...action }] });

  it("may swap names, and take the name of what is renamed itself", () => {
    assert.deepEqual(errorsOfRename({ rename: { a: "b", b: "a" }, attributes: ["a", "b"] }), []);
    assert.deepEqual(errorsOfRename({ rename: { a: "b", b: "c" } }, { a: "int", b: "int" }), []);
    assert.deepEqual(errorsOfRename({ rename: { a: "a" } }, { a: "int" }), []);
    assert.deepEqual(errorsOfRename({ rename: { a: "b" } }), []);
    assert.deepEqual(errorsOfRename({ rename: { a: "b" }, attributes: ["a"] }, { a: "int", b: "int" }), []);
  });

  it("must not give one name to two attributes", () => {
    assert.deepEqual(errorsOfRename({ rename: { a: "x", b: "x" } }), ["/actions/0/rename/b rename"]);
    assert.deepEqual(errorsOfRename({ rename: { a: "b" }, attributes: ["a", "b"] }), ["/actions/0/rename/a rename"]);
    assert.deepEqual(errorsOfRename({ rename: { a: "b" } }, { a: "int", b: "int" }), ["/actions/0/rename/a rename"]);
    const schema = { type: "object", properties: { b: { type: "number" } } };
    assert.deepEqual(errorsOfRename({ rename: { "a/b": "b" } }, schema), ["/actions/0/rename/a~1b rename"]);
  });

  it("must be of attributes that are stored", () => {
    assert.deepEqual(errorsOfRename({ rename: { z: "y" }, attributes: ["a"] }), ["/actions/0/rename/z rename"]);
  });
});

describe("endpoints", () => {
  it("have a URL that can be used", () => {
    const bad = ["http://", "http://a b/", "http://a\n/", " http://a/", "http://[::1/", "http://a:99999/", "x", ""];
    for (const url of [...bad, "ftp://a/", "file:///etc/passwd", "http://user@a/", "http://:secret@a/"]) {
      assert.deepEqual(errorsOf({ actions: [post({ url })] }), ["/actions/0/url url"], url);
    }
    for (const url of ["http://a", "HTTPS://A/", "http://[::1]:80/x?y=z", "http://münchen.example/ä"]) {
      assert.deepEqual(errorsOf({ actions: [post({ url })] }), [], url);
    }
  });

  it("have headers that HTTP can carry and that the client does not set itself", () => {
    const bad: readonly (readonly [string, string])[] = [
      ["", "x"],
      ["a b", "x"],
      ["a:", "x"],
      ["é", "x"],
      ["X", "a\r\nInjected: 1"],
      ["X", "a\0b"],
      ["X", "€"],
      ...["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Upgrade", "Idempotency-Key"].map(
        (name) => [name, "x"] as const,
      ),
    ];
    for (const [name, value] of bad) {
      assert.deepEqual(errorsOf({ actions: [post({ headers: { [name]: value } })] }), [
        `/actions/0/headers/${name} header`,
      ]);
    }
    assert.deepEqual(errorsOf({ actions: [post({ headers: { "X-A": "1", "x-a": "2" } })] }), [
      "/actions/0/headers/x-a header",
    ]);
    const good = {
      "Content-Type": "text/plain; charset=utf-8",
      Authorization: "Basic eDp5",
      "X-Empty": "",
      "X-Tab": "a\tb",
    };
    assert.deepEqual(errorsOf({ actions: [post({ headers: good })] }), []);
  });
});
