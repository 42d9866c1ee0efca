import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CAUSE_LIMIT, causeAttribute, causeOf } from "@sluice/domain";
import fc from "fast-check";

const cases: readonly (readonly [reason: string, cause: string])[] = [
  ["answered 503 Service Unavailable", "answered 503 Service Unavailable"],
  ["answered 422", "answered 422"],
  ["no answer within 30000 ms", "no answer within <number> ms"],
  ["connection refused (ECONNREFUSED)", "connection refused (ECONNREFUSED)"],
  ["connect ECONNREFUSED 10.0.0.7:8080", "connect ECONNREFUSED 10.0.0.7:8080"],
  ["connect to api.example.org:443 or [::1]:80 failed", "connect to api.example.org:443 or [::1]:80 failed"],
  ["the host's name cannot be resolved (ENOTFOUND)", "the host's name cannot be resolved (ENOTFOUND)"],
  ["the endpoint is blocked: 10.1.2.3 is private", "the endpoint is blocked: 10.1.2.3 is private"],
  ["order 4711 of 0198c1a2-0000-7000-8000-00000000002a is late: -1.5e3", "order <number> of <id> is late: <number>"],
  ["item 9f86d081884c7d65 at 2026-01-31T12:34:56.789Z", "item <id> at <time>"],
  ["on 2026-01-31 12:34:56+01 and 2026-02-01", "on <time> and <time>"],
  ['invalid input syntax for type integer: "12a"', "invalid input syntax for type integer: <value>"],
  [
    'new row for relation "data_2026_01" violates check constraint "limit_2"',
    'new row for relation "data_<number>" violates check constraint "limit_2"',
  ],
  ["Duplicate entry 'kitchen-17' for key 'readings_2'", "Duplicate entry <value> for key 'readings_2'"],
  ["CONSTRAINT `limit_2` failed for `db`.`data`", "CONSTRAINT `limit_2` failed for `db`.`data`"],
  ["the attribute name has more than 255 characters", "the attribute name has more than <number> characters"],
  ["/items/3/t is utf8mb4 in line\n  7:\u0000 no", "/items/<number>/t is utf8mb4 in line <number>: no"],
  ["", ""],
];

describe("the cause of a dead letter", () => {
  for (const [reason, cause] of cases) {
    it(JSON.stringify(reason), () => assert.equal(causeOf(reason), cause));
  }

  it("is the same for reasons that differ in numbers, ids and quoted values", () => {
    fc.assert(
      fc.property(fc.nat(), fc.uuid(), fc.stringMatching(/^[^"]*$/, { size: "small" }), (number, id, value) => {
        assert.equal(
          causeOf(`value "${value}" of ${id} is over ${number}`),
          causeOf('value "x" of 0198c1a2-0000-7000-8000-00000000002a is over 1'),
        );
      }),
    );
  });

  it("is one line of text that every database takes, of a bounded length", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("\ud83d", "\0", "\n", '"', "'", "7", "a", " ", "-", ":", ".") }),
      fc.constantFrom('relation "a_1_2"', "answered 500", "column 'a'", "'b'", "1.2.3.4", "a.b:80"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const cause = causeOf(pieces.join(" "));
        assert.ok(Array.from(cause).length <= CAUSE_LIMIT);
        assert.ok(cause.isWellFormed());
        assert.doesNotMatch(cause, /\p{Cc}/u);
      }),
    );
  });

  it("takes little time whatever the reason", () => {
    const began = performance.now();
    for (const text of ["1", "a-", "1.", "'", '"', "a.", "0123456789abcdef-", "relation ", "[:"]) {
      causeOf(text.repeat(1_000_000));
    }
    assert.ok(performance.now() - began < 2_000);
  });

  it("goes by the attribute, unless its name is too long to tell causes apart by it", () => {
    assert.equal(causeAttribute({ attribute: "t" }), "t");
    assert.equal(causeAttribute({ attribute: null }), "");
    assert.equal(causeAttribute({ attribute: "x".repeat(256) }), "");
    assert.equal(causeAttribute({ attribute: "🌡".repeat(255) }), "🌡".repeat(255));
  });
});
