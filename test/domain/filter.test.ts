import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BadTopicFilter,
  capturesOf,
  isValidTopicName,
  matchesFilter,
  normaliseMac,
  parseTopicFilter,
} from "@sluice/domain";
import { hostileTopics } from "../support/hostile-topics.ts";

/** Filter, topics that it matches, topics that it does not. */
type Case = readonly [filter: string, matching: readonly string[], other: readonly string[]];

/** The examples of MQTT 5, sections 4.7.1 to 4.7.3. */
const standard: readonly Case[] = [
  [
    "sport/tennis/player1",
    ["sport/tennis/player1"],
    ["sport/tennis", "sport/tennis/player1/ranking", "Sport/tennis/player1"],
  ],
  [
    "sport/tennis/player1/#",
    ["sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"],
    ["sport/tennis", "sport/tennis/player10"],
  ],
  ["sport/#", ["sport", "sport/", "sport/tennis"], ["sports", "/sport"]],
  ["#", ["sport", "/", "/finance", "a/b/c"], ["$SYS", "$SYS/broker"]],
  ["sport/tennis/#", ["sport/tennis", "sport/tennis/a/b"], ["sport"]],
  [
    "sport/tennis/+",
    ["sport/tennis/player1", "sport/tennis/player2", "sport/tennis/"],
    ["sport/tennis/player1/ranking", "sport/tennis"],
  ],
  ["sport/+", ["sport/", "sport/tennis"], ["sport"]],
  ["+", ["finance", "sport"], ["/finance", "$SYS"]],
  ["+/tennis/#", ["sport/tennis", "/tennis", "sport/tennis/a"], ["tennis", "$sport/tennis/a"]],
  ["sport/+/player1", ["sport/tennis/player1", "sport//player1"], ["sport/player1", "sport/a/b/player1"]],
  ["+/+", ["/finance", "a/b", "/", "a/"], ["finance", "a/b/c", "$SYS/a"]],
  ["/+", ["/finance", "/"], ["finance", "a/finance"]],
  ["+/monitor/Clients", ["a/monitor/Clients", "/monitor/Clients"], ["$SYS/monitor/Clients"]],
  ["$SYS/#", ["$SYS", "$SYS/", "$SYS/broker/load"], ["SYS/a", "$SYSTEM"]],
  ["$SYS/monitor/+", ["$SYS/monitor/Clients"], ["$SYS/monitor", "$SYS/monitor/a/b"]],
  ["ACCOUNTS", ["ACCOUNTS"], ["Accounts"]],
  ["Accounts payable", ["Accounts payable"], ["Accounts", "Accounts%20payable"]],
  ["/finance", ["/finance"], ["finance"]],
];

const further: readonly Case[] = [
  ["sensors/+", ["sensors/a"], ["sensors", "sensors/a/b"]],
  ["sensors/#", ["sensors", "sensors/", "sensors/a/b"], ["sensor", "sensors2/a"]],
  ["sensors/+/#", ["sensors/a", "sensors/a/b", "sensors/"], ["sensors"]],
  ["sensors/+/temperature", ["sensors/a/temperature"], ["sensors/a/humidity", "sensors/temperature"]],
  ["+/+/#", ["a/b", "a/b/c/d"], ["a", "$a/b"]],
  ["+/#", ["a", "/", "a/b"], ["$a", "$a/b"]],
  ["a//b", ["a//b"], ["a/b", "a///b"]],
  ["//", ["//"], ["/", "///"]],
  ["/", ["/"], ["", "a"]],
  ["a/", ["a/"], ["a"]],
  ["a/$b/+", ["a/$b/c", "a/$b/$c"], []],
  ["café", ["café"], ["cafe\u0301"]],
  ["🌡/+", ["🌡/💧"], ["🌡"]],
  ["\ufeffa", ["\ufeffa"], ["a"]],
  ["__proto__/+", ["__proto__/constructor"], ["constructor/a"]],
  ["$share/group/sport/+", ["sport/tennis"], ["$share/group/sport/tennis", "sport"]],
  ["$share/group//finance", ["/finance"], ["finance"]],
  ["$share/group/#", ["a/b"], ["$SYS/a"]],
  ["$share/group/$SYS/+", ["$SYS/a"], []],
  ["$shared/+", ["$shared/a"], ["a"]],
  ["{a}/{b}", ["x/y", "/"], ["x", "$x/y"]],
  ["{site}/data/{rest#}", ["x/data", "x/data/a/b"], ["$x/data/a", "x/date/a"]],
  ["d/{id:int}", ["d/0", "d/-12", "d/007"], ["d/", "d/1.0", "d/1e3", "d/٣", "d/-"]],
  ["d/{id:slug}", ["d/AHT10_a-1"], ["d/", "d/a b", "d/a.b", "d/é"]],
  [
    "d/{id:uuid}/x",
    ["d/01890a5d-ac96-774b-bcce-b302099a8057/x", "d/01890A5D-AC96-774B-BCCE-B302099A8057/x"],
    [
      "d/01890a5dac96774bbcceb302099a8057/x",
      "d/{01890a5d-ac96-774b-bcce-b302099a8057}/x",
      "d/g1890a5d-ac96-774b-bcce-b302099a8057/x",
    ],
  ],
  [
    "d/{id:mac}",
    ["d/aa:bb:cc:dd:ee:0f", "d/AA-BB-CC-DD-EE-0F", "d/aabbccddee0f"],
    ["d/aa:bb-cc:dd:ee:0f", "d/aa:bb:cc:dd:ee", "d/aabb:ccddee0f", "d/aa:bb:cc:dd:ee:0f:11", "d/aa:bb:cc:dd:ee:0g"],
  ],
];

/** Filter and a part of what is said against it. */
const refused: readonly (readonly [filter: string, reason: RegExp])[] = [
  ["", /empty.*4\.7\.3-1/],
  ["a\0b", /null character.*4\.7\.3-2/],
  ["a/\ud800", /surrogate.*1\.5\.4-1/],
  ["a".repeat(65_536), /65535 bytes.*4\.7\.3-3/],
  ["é".repeat(32_768), /65535 bytes/],
  ["🌡".repeat(16_384), /65535 bytes/],
  ["sport/tennis#", /level 2 is "tennis#".*4\.7\.1-1/],
  ["sport/tennis/#/ranking", /level 3.*last.*4\.7\.1-1/],
  ["#/a", /last/],
  ["##", /4\.7\.1-1/],
  ["sport+", /level 1 is "sport\+".*4\.7\.1-2/],
  ["a/++/b", /4\.7\.1-2/],
  ["a/+b", /4\.7\.1-2/],
  ["a/+#", /whole level/],
  ["$share/", /group name.*4\.8\.2-1/],
  ["$share//a", /group name.*4\.8\.2-1/],
  ["$share/group", /followed by a filter.*4\.8\.2-2/],
  ["$share/group/", /followed by a filter.*4\.8\.2-2/],
  ["$share/g+/a", /share group "g\+".*4\.8\.2-2/],
  ["$share/#/a", /share group/],
  ["$share/{group}/a", /share group/],
  ["$share/group/a/#/b", /last/],
  ["a/{b", /braces/],
  ["a/b}", /braces/],
  ["a/{}", /braces/],
  ["a/x{b}", /level 2 is "x\{b\}".*braces/],
  ["a/{1b}", /braces/],
  ["a/{b-c}", /braces/],
  ["a/{bé}", /braces/],
  ["a/{{b}}", /braces/],
  ["a/{b#}/c", /last/],
  ["a/{b:uuid#}", /unknown format "uuid#"/],
  ["a/{b:ip}", /unknown format "ip"; known are uuid, mac, int, slug/],
  ["a/{b:}", /unknown format ""/],
  ["a/{b:toString}", /unknown format "toString"/],
  ["{a}/b/{a}", /"a" is used for two levels/],
  ["{a}/{a:int}", /"a" is used for two levels/],
  ["{a}/{a#}", /"a" is used for two levels/],
];

describe("topic filters", () => {
  for (const [filter, matching, other] of [...standard, ...further]) {
    it(`${filter} matches what it should`, () => {
      const parsed = parseTopicFilter(filter);
      for (const topic of matching) {
        assert.equal(matchesFilter(parsed, topic), true, `${filter} matches ${topic}`);
        assert.notEqual(capturesOf(parsed, topic), null, `${filter} captures of ${topic}`);
      }
      for (const topic of other) {
        assert.equal(matchesFilter(parsed, topic), false, `${filter} does not match ${topic}`);
        assert.equal(capturesOf(parsed, topic), null, `${filter} captures nothing of ${topic}`);
      }
    });
  }

  for (const [filter, reason] of refused) {
    it(`${JSON.stringify(filter.slice(0, 30))} is refused`, () => {
      assert.throws(
        () => parseTopicFilter(filter),
        (error) => error instanceof BadTopicFilter && reason.test(error.message) && error.message.length < 400,
      );
    });
  }

  it("may have 65,535 bytes of UTF-8", () => {
    assert.equal(parseTopicFilter("a".repeat(65_535)).filter.length, 65_535);
    assert.equal(parseTopicFilter(`a${"é".repeat(32_767)}`).filter.length, 32_768);
    assert.equal(parseTopicFilter(`abc${"🌡".repeat(16_383)}`).filter.length, 32_769);
  });

  it("subscribe their wildcards and keep their names", () => {
    const parsed = parseTopicFilter("$share/north/sensors/{site}/{device:mac}/{rest#}");
    assert.equal(parsed.text, "$share/north/sensors/{site}/{device:mac}/{rest#}");
    assert.equal(parsed.subscription, "$share/north/sensors/+/+/#");
    assert.equal(parsed.filter, "sensors/+/+/#");
    assert.deepEqual(parsed.levels, ["sensors", "+", "+", "#"]);
    assert.equal(parsed.shareGroup, "north");
    assert.deepEqual(parsed.captures, [
      { name: "site", level: 1, format: null, multi: false },
      { name: "device", level: 2, format: "mac", multi: false },
      { name: "rest", level: 3, format: null, multi: true },
    ]);
  });

  it("are what they say without names and groups", () => {
    const parsed = parseTopicFilter("sport/+");
    assert.equal(parsed.subscription, "sport/+");
    assert.equal(parsed.filter, "sport/+");
    assert.equal(parsed.shareGroup, null);
    assert.deepEqual(parsed.captures, []);
  });
});

describe("captures", () => {
  const captured = (filter: string, topic: string) => capturesOf(parseTopicFilter(filter), topic);

  it("hold the named levels as they were published", () => {
    assert.deepEqual(captured("sensors/{site}/+/{device}", "sensors/north//ÄB 1"), { site: "north", device: "ÄB 1" });
    assert.deepEqual(captured("{a}/{b}", "/"), { a: "", b: "" });
    assert.deepEqual(captured("d/{id:mac}", "d/aa-bb-cc-dd-ee-0f"), { id: "aa-bb-cc-dd-ee-0f" });
    assert.deepEqual(captured("$share/g/{a}/b", "x/b"), { a: "x" });
  });

  it("hold the remaining levels with their slashes", () => {
    assert.deepEqual(captured("a/{rest#}", "a/b//c/"), { rest: "b//c/" });
    assert.deepEqual(captured("{all#}", "a/b"), { all: "a/b" });
    assert.deepEqual(captured("a/{rest#}", "a/"), { rest: "" });
    assert.deepEqual(captured("a/{rest#}", "a"), { rest: "" });
  });

  it("are empty without names, and null without a match", () => {
    assert.deepEqual(captured("a/+", "a/b"), {});
    assert.equal(captured("a/{b}", "b/b"), null);
    assert.equal(captured("a/{b:int}", "a/b"), null);
  });

  it("may have the names of JavaScript's own members", () => {
    const captures = captured("{__proto__}/{constructor}", "x/y");
    assert.deepEqual(Object.entries(captures ?? {}), [
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    assert.equal(JSON.stringify(captures), '{"__proto__":"x","constructor":"y"}');
  });
});

describe("topic names", () => {
  for (const { name, topic, valid } of hostileTopics) {
    it(`${name} is ${valid ? "valid" : "not valid"}`, () => assert.equal(isValidTopicName(topic), valid));
  }
});

describe("MAC addresses", () => {
  it("have one form", () => {
    for (const text of ["aa:bb:cc:dd:ee:0f", "AA-BB-CC-DD-EE-0F", "aabbCCddee0f"]) {
      assert.equal(normaliseMac(text), "AA:BB:CC:DD:EE:0F");
    }
    assert.equal(normaliseMac("aa:bb:cc:dd:ee"), null);
    assert.equal(normaliseMac("aa:bb:cc:dd:ee:0f "), null);
  });
});
