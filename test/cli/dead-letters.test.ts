/** `sluice dead-letters` against a real gateway, rightly and wrongly. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DeadLetter } from "@sluice/contracts";
import mqtt from "mqtt";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { sluice } from "./command-line.ts";

/** More than one request settles. */
const MANY = 510;
const LONG = "x".repeat(300);

describe("sluice dead-letters", () => {
  const gateway = new GatewayProcess();
  let receiver: Receiver;
  const run = (args: readonly string[], input?: string) =>
    sluice(["dead-letters", ...args, "--data-dir", gateway.dataDir], input === undefined ? {} : { input });
  const publish = async (topic: string, ...payloads: readonly string[]) => {
    const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
    await Promise.all(payloads.map((payload) => device.publishAsync(topic, payload, { qos: 1 })));
    await device.endAsync();
    await gateway.caughtUp();
  };
  const letters = (query: string) => gateway.all<DeadLetter>(`/api/v1/dead-letters?${query}`);
  const rowDied = async (payload: string): Promise<DeadLetter> => {
    await publish("rows", payload);
    return eventually(async () => (await letters("flow=ROWS"))[0], "the row is dead");
  };

  before(async () => {
    receiver = await startReceiver();
    receiver.mode = 422;
    await gateway.start();
    const post = { type: "POST_ENDPOINT", url: receiver.url, concurrency: 64 };
    await gateway.define({ code: "POSTS", topic: "posts", actions: [post] });
    await gateway.define({ code: "ROWS", topic: "rows", actions: [{ type: "STORE_DB" }] });
    await publish("posts", ...Array.from({ length: MANY }, (_, n) => `${n}`));
    await eventually(async () => (await letters("flow=POSTS")).length === MANY, "every delivery is dead");
  });
  after(async () => {
    await gateway.dispose();
    await receiver.stop();
  });

  it("does nothing when it is not said to what, or nobody can be asked", async () => {
    for (const [args, says] of [
      [["retry"], /ids, a filter, or --all/],
      [["discard", "--all", "--flow", "POSTS"], /--all is instead of/],
      [["discard", "--flow", "POSTS"], /nothing is discarded: there is nobody to ask/],
      [["retry", "--all"], /nothing is retried: there is nobody to ask/],
      [["retry", "a", "b", "--set", "value=1"], /an edit is of one letter/],
      [["retry", "a", "--set", "name=1"], /wants attribute=<name> or value=<JSON>/],
      [["retry", "a", "--set", "value=warm"], /is no JSON.*\n.*'value="warm"'/s],
      [["retry", "a", "--set", "value=1", "--set", "value=2"], /is given twice/],
      [["retry", "a", "--edit-file", "/no/such/file"], /cannot be read/],
      [["list", "--kind", "message"], /kind/],
      [["causes", "--limit", "201"], /whole number from 1 to 200/],
    ] as const) {
      const { code, stderr, stdout } = await run(args);
      assert.match(stderr, says, args.join(" "));
      assert.notEqual(code, 0, args.join(" "));
      assert.equal(stdout, "");
    }
    const none = await run(["show", "a/b/c"]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /No dead letter has this id/);
    assert.equal((await letters("flow=POSTS")).length, MANY);
  });

  it("settles ids, and says how many of them had been settled", async () => {
    const [one, two] = await letters("flow=POSTS");
    const { code, stdout, stderr } = await run(["discard", one?.id as string, two?.id as string, "a/b/c"]);
    assert.deepEqual([code, stdout], [0, "2 dead letters discarded\n"]);
    assert.match(stderr, /1 dead letter had been settled already, or had never died/);
    const { stdout: json } = await run(["discard", one?.id as string, two?.id as string, "--json"]);
    assert.deepEqual(JSON.parse(json), { count: 0 });
  });

  it("posts the bytes of standard input instead", async () => {
    await gateway.caughtUp();
    const [letter] = await letters("flow=POSTS");
    const { code, stdout } = await run(["retry", letter?.id as string, "--edit-file", "-"], "\u00ff is no JSON");
    assert.deepEqual([code, stdout], [0, "1 dead letter retried\n"]);
    await eventually(() => receiver.requests.at(-1)?.body.toString() === "\u00ff is no JSON", "it is posted");
    await eventually(async () => (await letters("flow=POSTS")).length === MANY - 2, "it is dead again");
    const { stdout: shown } = await run(["show", letter?.id as string]);
    assert.match(shown, /^ {2}to post +ÿ is no JSON to http/m);
    assert.match(shown, /^ {2}edits +\S+Z {2}by api:admin: ÿ is no JSON$/m);
  });

  it("settles all of a cause page by page, once each, though they die again at once", async () => {
    const before = receiver.requests.length;
    const cause = "answered 422 Unprocessable Entity";
    const { code, stdout } = await run(["retry", "--cause", cause, "--flow", "POSTS", "--yes"]);
    assert.deepEqual([code, stdout], [0, `${MANY - 2} dead letters retried\n`]);
    await gateway.caughtUp();
    assert.equal(receiver.requests.length - before, MANY - 2);
    assert.equal((await run(["retry", "--cause", "answered 500", "--yes"])).stdout, "0 dead letters retried\n");
    const { stdout: listed } = await run(["list", "--limit", "3", "--flow", "POSTS", "--order", "desc"]);
    assert.equal(listed.trim().split("\n").length, 4);
  });

  it("stores a value exactly as it was written, which the story tells of", async () => {
    const row = await rowDied(`{"${LONG}":1}`);
    const { code, stderr } = await run(["retry", row.id, "--set", "attribute=t", "--set", "value=[1.50, 2]"]);
    assert.equal(code, 0, stderr);
    await gateway.caughtUp();
    const [stored] = await gateway.all("/api/v1/data?flow=ROWS");
    assert.deepEqual([stored.attribute, stored.text], ["t", "[1.50,2]"]);
    const story = await sluice(["explain", row.messageId, "--data-dir", gateway.dataDir]);
    assert.match(story.stdout, /DeliveryRetried {2}.*edited: t = \[1\.50,2\], by api:admin/);
  });
});
