/** The live tail over HTTP. */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { readEventStream, type StreamEvent } from "@sluice/app/cli";
import type { RecordedEvent } from "@sluice/contracts";
import { eventually } from "../support/gateway-process.ts";
import { AdminFixture, TOKEN } from "./support/admin-fixture.ts";

describe("GET /api/v1/live", () => {
  let api: AdminFixture;
  let base: string;
  before(async () => {
    api = new AdminFixture();
    api.live.heartbeatMs = 50;
    await api.start();
    await api.app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
    await api.define("A", "a/+", { payloadSchema: { n: "int" } });
    await api.define("B", "b/+", { actions: [{ type: "POST_ENDPOINT", url: "http://127.0.0.1:9/?key=secret" }] });
  });
  after(() => api.stop());

  const open = async (query = "", headers: Record<string, string> = {}, token = TOKEN) => {
    const leave = new AbortController();
    const response = await fetch(`${base}/api/v1/live${query}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: leave.signal,
    });
    const seen: StreamEvent[] = [];
    const ended = (async () => {
      for await (const event of readEventStream(response.body as AsyncIterable<Uint8Array>)) seen.push(event);
    })().catch(() => undefined);
    const events = () =>
      seen
        .filter(({ data, name }) => data !== "" && name === "message")
        .map(({ data }) => JSON.parse(data) as RecordedEvent);
    const has = (count: number) => eventually(() => events().length >= count, `${count} events`);
    return { response, seen, events, has, ended, leave: () => leave.abort() };
  };
  const log = async (query: string) => api.all<RecordedEvent>(`/api/v1/events?${query}`);

  it("gives what comes from now on, as the log has it, and what is asked for alone", async () => {
    await api.publish("a/1", '{"n":0}');
    const [all, failures] = [await open(), await open("?flow=A&type=ValidationFailed")];
    assert.equal(all.response.status, 200);
    assert.match(`${all.response.headers.get("content-type")}`, /^text\/event-stream/);
    assert.equal(all.response.headers.get("cache-control"), "no-store");
    assert.ok(all.response.headers.get("x-request-id"));
    const head = (await api.realStore.head()) as string;
    await api.publish("a/1", '{"n":1}', "no");
    const expected = await log(`after=${head}`);
    await all.has(expected.length);
    assert.deepEqual(all.events(), expected);
    await failures.has(1);
    assert.deepEqual(
      failures.events(),
      expected.filter(({ type }) => type === "ValidationFailed"),
    );
    all.leave();
    failures.leave();
  });

  it("goes on behind Last-Event-ID, or `after`", async () => {
    const everything = await log("");
    const [, second, third] = everything as [RecordedEvent, RecordedEvent, RecordedEvent];
    const asked = await open(`?after=${second.position}`);
    const resumed = await open(`?after=${second.position}`, { "last-event-id": third.position });
    await asked.has(everything.length - 2);
    await resumed.has(everything.length - 3);
    assert.deepEqual(asked.events(), everything.slice(2));
    assert.deepEqual(resumed.events(), everything.slice(3));
    assert.equal(resumed.seen.at(-1)?.lastId, everything.at(-1)?.position);
    asked.leave();
    resumed.leave();
  });

  it("beats while nothing happens", async () => {
    const reader = await open("?flow=NONE");
    await eventually(() => reader.seen.length >= 3, "heartbeats");
    assert.deepEqual(reader.events(), []);
    reader.leave();
  });

  it("is for viewers, without the secrets of endpoints, and as long as their token is good", async () => {
    assert.equal((await open("", {}, "wrong")).response.status, 401);
    const { body: issued } = await api.call("/api/v1/tokens", { body: { name: "watcher", role: "viewer" } });
    const reader = await open("?after=1&stream=flow-B", {}, issued.token);
    await reader.has(1);
    assert.match(JSON.stringify(reader.events()), /POST_ENDPOINT/);
    assert.doesNotMatch(JSON.stringify(reader.events()), /secret/);
    await api.call("/api/v1/tokens/watcher", { method: "DELETE" });
    await reader.ended;
    assert.deepEqual([reader.seen.at(-1)?.name, reader.seen.at(-1)?.data], ["dropped", '{"reason":"unauthorized"}']);
  });

  it("ends at once when the gateway stops", async () => {
    const reader = await open();
    const started = performance.now();
    await api.app.close();
    await reader.ended;
    assert.ok(performance.now() - started < 2_000);
    assert.deepEqual([reader.seen.at(-1)?.name, reader.seen.at(-1)?.data], ["dropped", '{"reason":"stopped"}']);
  });
});
