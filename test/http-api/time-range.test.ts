import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseInstant } from "../../packages/app/src/http/time-range.ts";

describe("instants in queries", () => {
  for (const [text, first, last] of [
    ["2026-01-31", "2026-01-31T00:00:00.000Z", "2026-01-31T23:59:59.999Z"],
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31t12:00:00z", "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31 12:00:00Z", "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T00:30:00+02:00", "2026-01-30T22:30:00.000Z", "2026-01-30T22:30:00.000Z"],
    ["2026-01-31T12:00:00.5-00:30", "2026-01-31T12:30:00.500Z", "2026-01-31T12:30:00.500Z"],
    // A millisecond is the finest that there is: an inclusive bound keeps to its own side.
    ["2026-01-31T12:00:00.1234Z", "2026-01-31T12:00:00.124Z", "2026-01-31T12:00:00.123Z"],
    ["2026-01-31T12:00:00.123000Z", "2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00.123Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z", "2024-02-29T23:59:59.999Z"],
  ] as const) {
    it(`takes ${text}`, () => {
      assert.deepEqual([parseInstant(text, "first"), parseInstant(text, "last")], [first, last]);
    });
  }

  for (const text of [
    "",
    "2026",
    "2026-1-1",
    "2026-02-29",
    "2026-13-01",
    "20260131",
    "2026-01-31T12:00:00",
    "2026-01-31T12:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:00:60Z",
    "2026-01-31T12:00:00 02:00",
    "2026-01-31T12:00:00+99:00",
    "12345",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseInstant(text, "first"), null));
  }
});
