import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dayOf, deliveriesStream, flowStream, parseStream, RetainedTopics, trafficStream } from "@sluice/domain";

describe("stream names", () => {
  it("say what they are made of, whatever the flow is called", () => {
    for (const flow of ["AHT10", "a-b", "flow-1", "traffic-x-20260101", "x-20260101", ".", "20260101"]) {
      assert.deepEqual(parseStream(flowStream(flow)), { category: "flow", flow });
      assert.deepEqual(parseStream(trafficStream(flow, "20260102")), { category: "traffic", flow, day: "20260102" });
      assert.deepEqual(parseStream(deliveriesStream(flow, "20260102")), {
        category: "deliveries",
        flow,
        day: "20260102",
      });
    }
  });

  it("are nobody else's", () => {
    for (const stream of [
      "",
      "flow-",
      "flow",
      "traffic-a",
      "traffic--20260101",
      "traffic-a-2026010",
      "$all",
      "flows-a",
    ]) {
      assert.equal(parseStream(stream), null, stream);
    }
  });

  it("have the UTC day", () => assert.equal(dayOf("2026-01-02T03:04:05.678Z"), "20260102"));
});

describe("retained topics", () => {
  it("know a repeat by flow, topic and content", () => {
    const topics = new RetainedTopics();
    topics.record("f", "a/b", "1");
    assert.equal(topics.isRepeat("f", "a/b", "1"), true);
    assert.equal(topics.isRepeat("f", "a/b", "2"), false);
    assert.equal(topics.isRepeat("g", "a/b", "1"), false);
    assert.equal(topics.isRepeat("f", "a", "1"), false);
    topics.record("f", "a/b", "2");
    assert.equal(topics.isRepeat("f", "a/b", "1"), false);
    assert.equal(topics.isRepeat("f", "a/b", "2"), true);
  });

  it("forget the topic that was recorded longest ago", () => {
    const topics = new RetainedTopics(2);
    for (const topic of ["a", "b", "a", "c"]) topics.record("f", topic, "1");
    assert.deepEqual(
      ["a", "b", "c"].map((topic) => topics.isRepeat("f", topic, "1")),
      [true, false, true],
    );
  });

  it("come back from a snapshot, within their bound", () => {
    const topics = new RetainedTopics();
    for (const topic of ["a", "b", "c"]) topics.record("f", topic, topic);
    const again = new RetainedTopics(2, JSON.parse(JSON.stringify(topics.entries())));
    assert.deepEqual(
      ["a", "b", "c"].map((topic) => again.isRepeat("f", topic, topic)),
      [false, true, true],
    );
  });
});
