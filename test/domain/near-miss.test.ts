/** What keeps a topic from matching a filter. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesFilter, parseTopicFilter, type TopicDifference, topicDifference } from "@sluice/domain";
import fc from "fast-check";

const level = (of: number, expected: string, found: string): TopicDifference => ({
  kind: "level",
  level: of,
  expected,
  found,
});

describe("the difference of a topic to a filter", () => {
  const table: readonly [string, string, TopicDifference | null][] = [
    ["a/b", "a/b", { kind: "match" }],
    ["a/b/c", "a/x/c", level(2, "b", "x")],
    ["a/+/c", "a/x/d", level(3, "c", "d")],
    ["a/{id:int}/c", "a/x/c", level(2, "{id:int}", "x")],
    ["a/{id:int}/c", "a/x/d", null],
    ["$share/g/a/b", "a/c", level(2, "b", "c")],
    ["a/b", "x/y", null],
    ["a", "b", null],
    ["a/b", "a/b/c", { kind: "length", expected: 2, atLeast: false, found: 3 }],
    ["a/b/+/d", "a/b", { kind: "length", expected: 4, atLeast: false, found: 2 }],
    ["a/b/c/#", "a/b", { kind: "length", expected: 3, atLeast: true, found: 2 }],
    ["a/b/#", "a/x/y/z", level(2, "b", "x")],
    ["a/b", "a/x/c", null],
    ["+/+", "a/b/c", null],
    ["+/uptime", "$SYS/uptime", { kind: "hidden" }],
    ["#", "$SYS/uptime", { kind: "hidden" }],
    ["A/b", "a/b", level(1, "A", "a")],
    ["a/b", "a/b ", level(2, "b", "b ")],
  ];
  for (const [filter, topic, expected] of table) {
    it(`of ${JSON.stringify(topic)} to ${filter}`, () => {
      assert.deepEqual(topicDifference(parseTopicFilter(filter), topic), expected);
    });
  }

  it("is none exactly where the filter matches, and one level where one level was changed", () => {
    const word = fc.constantFrom("a", "b", "c", "");
    fc.assert(
      fc.property(fc.array(word, { minLength: 2, maxLength: 5 }), fc.nat(), (levels, at) => {
        fc.pre(levels.join("/") !== "");
        const topic = levels.join("/");
        const filter = parseTopicFilter(topic);
        assert.deepEqual(topicDifference(filter, topic), { kind: "match" });
        const index = at % levels.length;
        const changed = [...levels.slice(0, index), "other", ...levels.slice(index + 1)];
        assert.deepEqual(
          topicDifference(filter, changed.join("/")),
          level(index + 1, levels[index] as string, "other"),
        );
      }),
    );
    const any = fc.array(fc.constantFrom("a", "b", "+"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(any, any, (filterLevels, topicLevels) => {
        const filter = parseTopicFilter(filterLevels.join("/"));
        const topic = topicLevels.join("/").replaceAll("+", "c");
        assert.equal(topicDifference(filter, topic)?.kind === "match", matchesFilter(filter, topic));
      }),
    );
  });
});
