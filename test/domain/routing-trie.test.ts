import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { BadTopicFilter, matchesFilter, parseTopicFilter, RoutingTrie } from "@sluice/domain";
import fc from "fast-check";
import { matchesNaively, plainFilter, topicName } from "./support/arbitrary-topics.ts";

const trieOf = (...filters: readonly string[]): RoutingTrie<string> => {
  const trie = new RoutingTrie<string>();
  for (const filter of filters) trie.insert(parseTopicFilter(filter), filter);
  return trie;
};

/** Bytes on the heap that are still in use after a full collection. */
const heapInUse = (): number => {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
};

describe("the routing trie", () => {
  it("finds every filter that matches", () => {
    const trie = trieOf("a/b", "a/+", "a/#", "+/b", "#", "+/#", "a/b/#", "a/c", "b/b", "$SYS/#");
    assert.deepEqual(trie.match("a/b").sort(), ["#", "+/#", "+/b", "a/#", "a/+", "a/b", "a/b/#"]);
    assert.deepEqual(trie.match("a").sort(), ["#", "+/#", "a/#"]);
    assert.deepEqual(trie.match("$SYS/a"), ["$SYS/#"]);
    assert.deepEqual(trie.match("$SYS"), ["$SYS/#"]);
    assert.deepEqual(trie.match(""), []);
  });

  it("asks for the formats of named levels", () => {
    const trie = trieOf("d/{id:int}", "d/{id:uuid}", "d/{id}", "d/{id:int}/{rest#}");
    assert.deepEqual(trie.match("d/7").sort(), ["d/{id:int}", "d/{id:int}/{rest#}", "d/{id}"]);
    assert.deepEqual(trie.match("d/x"), ["d/{id}"]);
  });

  it("keeps several values of one filter, each once", () => {
    const trie = new RoutingTrie<string>();
    const filter = parseTopicFilter("a/+");
    for (const value of ["x", "y", "x"]) trie.insert(filter, value);
    trie.insert(parseTopicFilter("a/{b}"), "x");
    assert.equal(trie.size, 3);
    assert.deepEqual(trie.match("a/1"), ["x", "y", "x"]);
    assert.equal(trie.delete(filter, "x"), true);
    assert.equal(trie.delete(filter, "x"), false);
    assert.deepEqual(trie.match("a/1").sort(), ["x", "y"]);
  });

  it("does not delete what is not there", () => {
    const trie = trieOf("a/b/c");
    for (const filter of ["a", "a/b", "a/b/#", "a/b/+", "a/b/d", "a/b/c/d", "#"]) {
      assert.equal(trie.delete(parseTopicFilter(filter), filter), false);
    }
    assert.equal(trie.delete(parseTopicFilter("a/b/c"), "another"), false);
    assert.deepEqual(trie.match("a/b/c"), ["a/b/c"]);
  });

  it("gives back the memory of what was deleted", () => {
    const trie = trieOf("a/b");
    const before = heapInUse();
    for (let index = 0; index < 50_000; index++) {
      const filter = parseTopicFilter(`plant/line${index}/+/sensor${index}/+`);
      trie.insert(filter, "flow");
      trie.delete(filter, "flow");
    }
    // Left behind, the branches would take more than 20 MB.
    assert.ok(heapInUse() - before < 5_000_000);
    assert.deepEqual(trie.match("a/b"), ["a/b"]);
  });

  it("takes a topic and a filter of thousands of levels", () => {
    const deep = `a${"/a".repeat(30_000)}`;
    const trie = trieOf(deep, `${"+/".repeat(30_000)}#`);
    assert.equal(trie.match(deep).length, 2);
    assert.equal(trie.match(`${deep}/b`).length, 1);
  });

  it("agrees with the standard on any filters and topics", () => {
    fc.assert(
      fc.property(
        fc.array(plainFilter, { maxLength: 12 }),
        fc.array(topicName, { minLength: 1 }),
        (filters, topics) => {
          const distinct = [...new Set(filters)];
          const trie = trieOf(...filters);
          for (const topic of topics) {
            const expected = distinct.filter((filter) => matchesNaively(filter, topic));
            assert.deepEqual(trie.match(topic).sort(), expected.sort(), `at ${topic}`);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("agrees after any insertions and deletions with one that was built anew", () => {
    const step = fc.record({ filter: plainFilter, remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(topicName, { minLength: 1 }), (steps, topics) => {
        const trie = new RoutingTrie<string>();
        const present = new Set<string>();
        for (const { filter, remove } of steps) {
          if (remove) assert.equal(trie.delete(parseTopicFilter(filter), filter), present.delete(filter));
          else {
            trie.insert(parseTopicFilter(filter), filter);
            present.add(filter);
          }
        }
        assert.equal(trie.size, present.size);
        for (const topic of topics)
          assert.deepEqual(
            trie.match(topic).sort(),
            trieOf(...present)
              .match(topic)
              .sort(),
          );
        for (const filter of present) assert.equal(trie.delete(parseTopicFilter(filter), filter), true);
        assert.equal(trie.size, 0);
        for (const topic of topics) assert.deepEqual(trie.match(topic), []);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the matcher of one filter", () => {
  it("agrees with the standard on any filter and topic", () => {
    fc.assert(
      fc.property(plainFilter, topicName, (filter, topic) => {
        assert.equal(matchesFilter(parseTopicFilter(filter), topic), matchesNaively(filter, topic));
      }),
      { numRuns: 5_000 },
    );
  });

  it("takes the filters that the standard allows, and no others", () => {
    const allowed = /^(?:(?:[^+#/]*|\+)\/)*(?:[^+#/]*|\+|#)$/;
    const character = fc.constantFrom("a", "+", "#", "/", "$");
    fc.assert(
      fc.property(fc.string({ unit: character, minLength: 1, maxLength: 6 }), (text) => {
        if (allowed.test(text)) assert.equal(parseTopicFilter(text).subscription, text);
        else assert.throws(() => parseTopicFilter(text), BadTopicFilter);
      }),
      { numRuns: 5_000 },
    );
  });
});
