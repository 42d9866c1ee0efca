/** Dead letters over the API: what they have in common, one with all that it is about, and retrying one edited. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { DeadLetter, NewEvent } from "@sluice/contracts";
import { dayOf, deliveriesStream } from "@sluice/domain";
import { AdminFixture } from "./support/admin-fixture.ts";

const LONG = "x".repeat(300);

describe("dead letters, one by one", () => {
  let api: AdminFixture;
  beforeEach(async () => {
    api = await new AdminFixture().start();
    await api.define("ROWS", "rows");
    const action = { type: "POST_ENDPOINT", url: "http://127.0.0.1:9/in?token=secret" };
    await api.define("POSTS", "posts", { actions: [action] });
  });
  afterEach(() => api.stop());

  /** A delivery of the payload that was given up on, as the runner says it. */
  const kill = async (payload: string, reason = "answered 422 Unprocessable Entity"): Promise<DeadLetter> => {
    const [messageId] = await api.publish("posts", payload);
    const of = { flow: "POSTS", messageId: messageId as string, messageNumber: 1, action: "POST_ENDPOINT" };
    const failed = { ...of, url: "http://127.0.0.1:9/in", reason, status: 422, attempts: 1 };
    const envelope = { schemaVersion: 1, metadata: {} };
    const events: NewEvent[] = [
      { ...envelope, id: crypto.randomUUID(), type: "EndpointForwardFailed", data: failed },
      { ...envelope, id: crypto.randomUUID(), type: "DeliveryDeadLettered", data: { ...of, reason, attempts: 1 } },
    ];
    const stream = deliveriesStream("POSTS", dayOf(new Date(api.clock.now()).toISOString()));
    await api.realStore.append([{ stream, expected: "any", events }]);
    await api.project();
    return (await api.all("/api/v1/dead-letters?kind=delivery&order=desc"))[0];
  };
  const killRow = async (payload: string): Promise<DeadLetter> => {
    await api.publish("rows", payload);
    await api.project();
    return (await api.all("/api/v1/dead-letters?kind=row&order=desc"))[0];
  };
  const address = ({ id }: DeadLetter) => `/api/v1/dead-letters/${encodeURIComponent(id)}`;
  const show = async (letter: DeadLetter) => (await api.call(address(letter))).body;
  const retry = (letter: DeadLetter, body: unknown) => api.call(`${address(letter)}/retry`, { body });
  const faults = async (letter: DeadLetter, edit: unknown): Promise<string[]> => {
    const { status, body } = await retry(letter, { edit });
    assert.deepEqual([status, body.code], [422, "invalid-query"]);
    return body.errors.map(({ pointer, keyword }: { pointer: string; keyword: string }) => `${pointer} ${keyword}`);
  };

  it("are listed by cause, and listed, retried and discarded by it", async () => {
    for (const ms of [10, 20, 30]) await kill("1", `no answer within ${ms} ms`);
    await kill("1");
    await killRow(`{"${LONG}":1}`);
    const { status, body } = await api.call("/api/v1/dead-letters/causes");
    assert.equal(status, 200);
    assert.equal(body.more, false);
    const [slow] = body.items;
    assert.deepEqual([slow.cause, slow.count, slow.flow], ["no answer within <number> ms", 3, "POSTS"]);
    assert.deepEqual((await api.call("/api/v1/dead-letters/causes?limit=1")).body, { items: [slow], more: true });
    assert.equal((await api.call("/api/v1/dead-letters/causes?kind=row")).body.items[0].count, 1);
    const bad = await api.call("/api/v1/dead-letters/causes?limit=201&ids=a");
    assert.equal(bad.status, 422);

    const { cause } = slow;
    assert.equal((await api.all(`/api/v1/dead-letters?cause=${encodeURIComponent(cause)}`)).length, 3);
    const settle = async (kind: string, filter: unknown) =>
      (await api.call(`/api/v1/dead-letters/${kind}`, { body: { filter } })).body;
    assert.deepEqual(await settle("retry", { cause, flow: "ROWS" }), { count: 0 });
    assert.deepEqual(await settle("retry", { cause }), { count: 3 });
    assert.deepEqual(await settle("discard", { cause: "answered 422 Unprocessable Entity" }), { count: 1 });
    await api.project();
    assert.deepEqual(
      (await api.all("/api/v1/dead-letters")).map(({ kind }) => kind),
      ["row"],
    );
  });

  it("are shown with the message, the last attempts and what a retry does", async () => {
    const letter = await kill('{ "t": 1.50 }');
    const detail = await show(letter);
    const { attempts, ...delivery } = detail.delivery;
    assert.deepEqual(delivery, { url: "http://127.0.0.1:9/in", payload: null });
    assert.deepEqual(
      attempts.map(({ status, reason }: { status: number; reason: string }) => [status, reason]),
      [[422, letter.reason]],
    );
    const { message, cause, row, edits, delivery: _, ...rest } = detail;
    assert.deepEqual(rest, letter);
    assert.deepEqual([cause, row, edits], [letter.reason, null, []]);
    const { topic, broker, payload, payloadBytes } = message;
    const expected = { encoding: "utf8", data: '{ "t": 1.50 }' };
    assert.deepEqual([topic, broker, payload, payloadBytes], ["posts", "default", expected, 13]);

    const dead = await killRow(`{"${LONG}":1.50}`);
    const ofRow = await show(dead);
    assert.deepEqual(ofRow.row, { attribute: LONG, valueType: "number", value: 1.5, text: "1.50" });
    assert.equal(ofRow.delivery, null);
    const none = await api.call("/api/v1/dead-letters/none%2FA%2FB");
    assert.deepEqual([none.status, none.body.code], [404, "dead-letter-not-found"]);
  });

  it("are retried with another body, which the log, the letter and the message's story tell of", async () => {
    const letter = await kill("1");
    const answer = await retry(letter, { edit: { payload: '{"t":2}' }, reason: "as the endpoint wants it" });
    assert.deepEqual([answer.status, answer.body], [200, { count: 1 }]);
    const late = await retry(letter, { edit: { payload: "3" } });
    assert.deepEqual([late.status, late.body], [200, { count: 0 }], "it was settled before");
    const [event] = await api.all("/api/v1/events?type=DeliveryRetried");
    assert.equal(event.metadata.actor, "api:admin");
    assert.deepEqual(event.data.edit, { payload: { encoding: "utf8", data: '{"t":2}' } });
    assert.deepEqual([event.data.reason, event.schemaVersion], ["as the endpoint wants it", 2]);
    await api.project();
    assert.equal((await api.call(address(letter))).status, 404);

    // Dead again, it has the edit.
    const dead = { ...event.data, reason: "answered 400", attempts: 1 };
    delete dead.edit;
    const again = { id: crypto.randomUUID(), type: "DeliveryDeadLettered", schemaVersion: 1, data: dead, metadata: {} };
    await api.realStore.append([{ stream: event.stream, expected: "any", events: [again as NewEvent] }]);
    await api.project();
    assert.equal((await retry(letter, { edit: { payloadBase64: "AP8=" } })).body.count, 1);
    const { edits, delivery, message } = await show(letter);
    assert.deepEqual(delivery.payload, { encoding: "base64", data: "AP8=" });
    assert.equal(message.payload.data, "1");
    const [first, second] = edits;
    assert.deepEqual(
      [first.actor, first.reason, first.payload.data, first.row, first.eventId, second.payload.data],
      ["api:admin", "as the endpoint wants it", '{"t":2}', null, event.id, "AP8="],
    );
    const story = (await api.call(`/api/v1/messages/${letter.messageId}`)).body;
    const steps = story.flows[0].deliveries[0].steps.filter(({ type }: { type: string }) => type === "DeliveryRetried");
    assert.deepEqual([steps[0].edit, steps[0].actor], ['a body of 7 bytes: {"t":2}', "api:admin"]);
  });

  it("store a row under another name and with another value, exactly as it was written", async () => {
    const dead = await killRow(`{"${LONG}":1,"other":2}`);
    const body = '{"edit":{"attribute":"short","value":[1.50,12345678901234567890,{"a":-0}]},"reason":null}';
    assert.equal((await api.call(`${address(dead)}/retry`, { body })).status, 422, "a reason is text");
    const answer = await api.call(`${address(dead)}/retry`, { body: body.replace(',"reason":null', "") });
    assert.deepEqual(answer.body, { count: 1 });
    await api.project();
    const [event] = await api.all("/api/v1/events?type=DeliveryRetried");
    const rows = await api.all("/api/v1/data?flow=ROWS&attribute=short");
    assert.deepEqual(
      rows.map(({ text, valueType, eventId }) => [text, valueType, eventId]),
      [['[1.50,12345678901234567890,{"a":-0}]', "array", event.id]],
    );
    const story = (await api.call(`/api/v1/messages/${dead.messageId}`)).body;
    const [delivery] = story.flows[0].deliveries;
    assert.equal(delivery.state, "done");
    assert.match(delivery.steps.at(-1).edit, /^short = \[1\.50,/);
    assert.deepEqual(await api.all("/api/v1/dead-letters"), []);
  });

  it("keep their value under another name, their name with another value, and the edit when refused again", async () => {
    const dead = await killRow(`{"${LONG}":1.50}`);
    assert.equal((await retry(dead, { edit: { value: "é" } })).body.count, 1);
    await api.project();
    const again = await show(dead);
    assert.deepEqual([again.attempts, again.attribute, again.reason], [2, LONG, dead.reason]);
    assert.deepEqual(again.row, { attribute: LONG, valueType: "string", value: "é", text: "é" });
    assert.equal((await retry(dead, { edit: { attribute: "short" } })).body.count, 1);
    await api.project();
    const [row] = await api.all("/api/v1/data?flow=ROWS");
    assert.deepEqual([row.attribute, row.text], ["short", "é"]);
  });

  it("refuse an edit that does not fit, with every error, and record nothing", async () => {
    const delivery = await kill("1");
    const row = await killRow(`{"${LONG}":1,"other":2}`);
    assert.deepEqual(await faults(delivery, {}), ["/edit anyOf"]);
    assert.deepEqual(await faults(delivery, { attribute: "a", value: 1 }), [
      "/edit/attribute not",
      "/edit/value not",
      "/edit anyOf",
    ]);
    assert.deepEqual(await faults(delivery, { payload: "é".repeat(501), payloadBase64: "?" }), [
      "/edit/payloadBase64 not",
      "/edit/payloadBase64 encoding",
    ]);
    assert.deepEqual(await faults(delivery, { payload: "é".repeat(501) }), ["/edit/payload size"]);
    assert.deepEqual(await faults(delivery, { payload: "\ud83d" }), ["/edit/payload encoding"]);
    assert.deepEqual(await faults(row, { payload: "1" }), ["/edit/payload not", "/edit anyOf"]);
    assert.deepEqual(await faults(row, { attribute: "other", value: "x".repeat(1_001) }), [
      "/edit/attribute not",
      "/edit/value size",
    ]);
    assert.deepEqual(await faults(row, { attribute: LONG, value: JSON.parse(`${"[".repeat(65)}${"]".repeat(65)}`) }), [
      "/edit/attribute maxLength",
      "/edit/value depth",
    ]);
    assert.deepEqual(await faults(row, { attribute: "" }), ["/edit/attribute minLength"]);
    const beyond = await api.call(`${address(row)}/retry`, { body: '{"edit":{"value":[1e400]}}' });
    assert.deepEqual([beyond.status, beyond.body.errors?.[0].pointer], [422, "/edit/value"]);
    const none = await api.call("/api/v1/dead-letters/none/retry", { body: { edit: {} } });
    assert.deepEqual([none.status, none.body.code], [404, "dead-letter-not-found"]);
    assert.deepEqual(await api.all("/api/v1/events?type=DeliveryRetried"), []);
  });

  it("may be read by viewers and edited by operators, which is audited", async () => {
    const letter = await kill("1");
    const token = async (role: string) => (await api.call("/api/v1/tokens", { body: { name: role, role } })).body.token;
    const [viewer, operator] = [await token("viewer"), await token("operator")];
    assert.equal((await api.call("/api/v1/dead-letters/causes", { token: viewer })).status, 200);
    assert.equal((await api.call(address(letter), { token: viewer })).status, 200);
    const body = { edit: { payload: "2" } };
    assert.equal((await api.call(`${address(letter)}/retry`, { body, token: viewer })).status, 403);
    assert.equal((await api.call(`${address(letter)}/retry`, { body, token: operator })).status, 200);
    const [event] = await api.all("/api/v1/events?type=DeliveryRetried");
    assert.equal(event.metadata.actor, "api:operator");
    const audited = await api.all("/api/v1/events?type=RequestAudited");
    assert.equal(audited.at(-1).data.route, "/api/v1/dead-letters/:id/retry");
    assert.equal(audited.at(-1).metadata.actor, "api:operator");
  });
});
