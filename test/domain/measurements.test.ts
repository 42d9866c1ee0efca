import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Threshold } from "@sluice/contracts";
import { appendPointer, deviceTimeOf, findBreaches, type JsonValue, resolvePointer } from "@sluice/domain";

describe("thresholds", () => {
  const threshold = (bounds: Partial<Threshold>, attribute = "t"): Threshold => ({
    attribute,
    onBreach: "flag",
    ...bounds,
  });
  const breaches = (bounds: Partial<Threshold>, payload: JsonValue): readonly number[] =>
    findBreaches([threshold(bounds)], payload).map(({ value }) => value);

  it("include their bounds", () => {
    assert.deepEqual(breaches({ min: 0, max: 10 }, { t: 0 }), []);
    assert.deepEqual(breaches({ min: 0, max: 10 }, { t: 10 }), []);
    assert.deepEqual(breaches({ min: 0, max: 10 }, { t: -0.001 }), [-0.001]);
    assert.deepEqual(breaches({ min: 0, max: 10 }, { t: 10.001 }), [10.001]);
    assert.deepEqual(breaches({ min: 0 }, { t: 1e300 }), []);
    assert.deepEqual(breaches({ max: 0 }, { t: -1e300 }), []);
  });

  it("are about numbers alone", () => {
    for (const t of ["99", true, null, [99], { t: 99 }]) assert.deepEqual(breaches({ max: 10 }, { t }), []);
    assert.deepEqual(breaches({ max: 10 }, { u: 99 }), []);
    assert.deepEqual(findBreaches([threshold({ max: 10 }, "length")], [1, 2]), []);
    assert.deepEqual(findBreaches([threshold({ max: -1 }, "toString")], {}), []);
  });

  it("find a payload that is no object by the name that it is stored under", () => {
    assert.equal(findBreaches([threshold({ max: 10 }, "value")], 11).length, 1);
    assert.deepEqual(findBreaches([threshold({ max: 10 })], 11), []);
    assert.deepEqual(findBreaches([threshold({ max: 10 }, "value")], [11]), []);
  });

  it("are breached by what is too large for a double, by a number that the log can hold", () => {
    assert.deepEqual(breaches({ max: 10 }, { t: Number.POSITIVE_INFINITY }), [Number.MAX_VALUE]);
    assert.deepEqual(breaches({ min: 10 }, { t: Number.NEGATIVE_INFINITY }), [-Number.MAX_VALUE]);
  });

  it("are each reported, in their order", () => {
    const all = [threshold({ max: 5 }), threshold({ max: 50 }), threshold({ min: 20 }), threshold({ max: 1 }, "u")];
    assert.deepEqual(findBreaches(all, { u: 2, t: 10 }), [
      { threshold: all[0], value: 10 },
      { threshold: all[2], value: 10 },
      { threshold: all[3], value: 2 },
    ]);
  });
});

describe("the device's own time", () => {
  const at = (time: JsonValue): string | undefined => deviceTimeOf({ time }, "/time");

  it("is read from RFC 3339 text", () => {
    assert.equal(at("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05.000Z");
    assert.equal(at("2026-01-02t03:04:05.6z"), "2026-01-02T03:04:05.600Z");
    assert.equal(at("2026-01-02 03:04:05.678999+00:00"), "2026-01-02T03:04:05.678Z");
    assert.equal(at("2026-01-02T00:30:00+05:30"), "2026-01-01T19:00:00.000Z");
    assert.equal(at("2026-12-31T23:30:00-01:00"), "2027-01-01T00:30:00.000Z");
    assert.equal(at("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00.000Z");
    assert.equal(at("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
  });

  it("is read from Unix times in seconds and in milliseconds", () => {
    assert.equal(at(1_767_323_045), "2026-01-02T03:04:05.000Z");
    assert.equal(at(1_767_323_045.678), "2026-01-02T03:04:05.678Z");
    assert.equal(at(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
    // Times 1000 this is a double just below the millisecond.
    assert.equal(at(134_258_752.001), "1974-04-03T22:05:52.001Z");
    assert.equal(at(100_000_000), "1973-03-03T09:46:40.000Z");
    assert.equal(at(100_000_000_000), "1973-03-03T09:46:40.000Z");
    assert.equal(at(99_999_999_999), "5138-11-16T09:46:39.000Z");
  });

  it("is nothing where it makes no sense", () => {
    const odd: readonly JsonValue[] = [
      "",
      "yesterday",
      "1767323045",
      "2026-01-02",
      "2026-01-02T03:04:05",
      "2026-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:61Z",
      "2026-01-01T00:00:00+24:00",
      "1970-01-01T00:00:12Z",
      "0001-01-01T00:00:00Z",
      "9999-12-31T23:59:59-01:00",
      " 2026-01-02T03:04:05Z",
      0,
      -1,
      12.5,
      99_999_999,
      -1_767_323_045,
      1_767_323_045_678_000,
      1e300,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      null,
      true,
      [],
      [1_767_323_045],
      {},
    ];
    for (const time of odd) assert.equal(at(time), undefined, JSON.stringify(time));
  });

  it("is found wherever the pointer leads", () => {
    const payload = { meta: { "a/b": [{ "~t": 1_767_323_045 }] } };
    assert.equal(deviceTimeOf(payload, "/meta/a~1b/0/~0t"), "2026-01-02T03:04:05.000Z");
    assert.equal(deviceTimeOf(payload, "/meta/time"), undefined);
    assert.equal(deviceTimeOf(1_767_323_045, "/time"), undefined);
    assert.equal(deviceTimeOf({}, "/constructor/length"), undefined);
  });
});

describe("JSON pointers", () => {
  it("are those of RFC 6901, section 5", () => {
    const document = JSON.parse(
      '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}',
    ) as JsonValue;
    const cases: readonly (readonly [string, JsonValue | undefined])[] = [
      ["", document],
      ["/foo", ["bar", "baz"]],
      ["/foo/0", "bar"],
      ["/", 0],
      ["/a~1b", 1],
      ["/c%d", 2],
      ["/e^f", 3],
      ["/g|h", 4],
      ["/i\\j", 5],
      ['/k"l', 6],
      ["/ ", 7],
      ["/m~0n", 8],
      ["/foo/2", undefined],
      ["/foo/00", undefined],
      ["/foo/-", undefined],
      ["/foo/length", undefined],
      ["/toString", undefined],
      ["/foo/0/0", undefined],
    ];
    for (const [pointer, value] of cases) assert.deepEqual(resolvePointer(document, pointer), value, pointer);
  });

  it("escape what they are made of", () => {
    assert.equal(appendPointer("", "a/b~c"), "/a~1b~0c");
    assert.equal(appendPointer("/a", 0), "/a/0");
    assert.equal(resolvePointer({ "~1": 1 }, appendPointer("", "~1")), 1);
  });
});
