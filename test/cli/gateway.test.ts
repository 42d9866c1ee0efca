/** The commands against a real gateway. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { apiOf, applyChanges, checkAll, planChanges } from "@sluice/app/cli";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { sluice, temporaryDirectory } from "./command-line.ts";

const FLOWS = `
# two documents: one in the flat dialect, one with everything
code: CLI_STORE
topic: cli/store
payloadSchema: { temperature: float }
actions: [{ type: STORE_DB }]
---
flows:
  - code: CLI_SITE
    description: "named levels: and a colon"
    topic: cli/{site}/{device}/data
    qos: 2
    payloadSchema:
      type: object
      properties: { n: { type: integer } }
      required: [n]
    actions:
      - { type: STORE_DB, rename: { n: number } }
      - { type: POST_ENDPOINT, url: "http://127.0.0.1:4/in", headers: { X-Key: "yes" } }
    thresholds: [{ attribute: n, max: 5 }]
`;

describe("command line against a gateway", () => {
  const directory = temporaryDirectory();
  const file = (name: string) => join(directory.path, name);
  const gateway = new GatewayProcess();
  const run = (args: readonly string[], input?: string) =>
    sluice([...args, "--data-dir", gateway.dataDir], input === undefined ? {} : { input });
  const json = async (args: readonly string[], input?: string) => {
    const { code, stdout, stderr } = await run([...args, "--json"], input);
    return { code, stderr, value: JSON.parse(stdout) };
  };

  before(async () => {
    await gateway.start();
    writeFileSync(file("flows.yaml"), FLOWS);
  });
  after(async () => {
    await gateway.dispose();
    directory[Symbol.dispose]();
  });

  it("shows what apply would do, and does nothing, with --dry-run", async () => {
    const { code, stdout } = await run(["flows", "apply", "--dry-run", file("flows.yaml")]);
    assert.equal(code, 0);
    assert.match(stdout, /^--- \/dev\/null\n\+\+\+ CLI_STORE \(wanted\)$/m);
    assert.match(stdout, /^\+topic: cli\/store$/m);
    assert.match(stdout, /2 to create, 0 to change, 0 as wanted/);
    assert.deepEqual((await json(["flows", "list"])).value, []);
  });

  it("does not apply where it cannot ask", async () => {
    const { code, stderr } = await run(["flows", "apply", file("flows.yaml")]);
    assert.equal(code, 2);
    assert.match(stderr, /nobody to ask\n {2}--yes applies without asking/);
    assert.deepEqual((await json(["flows", "list"])).value, []);
  });

  it("applies files, and a second time changes nothing", async () => {
    const first = await run(["flows", "apply", "--yes", file("flows.yaml")]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /created CLI_STORE\ncreated CLI_SITE\n$/);
    const second = await run(["flows", "apply", file("flows.yaml")]);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(second.stdout, "no changes (2 flows as wanted)\n");
    assert.equal(second.stderr, "");
  });

  it("exports what apply takes back unchanged", async () => {
    const { stdout } = await run(["flows", "export"]);
    assert.match(stdout, /^code: CLI_SITE\n/);
    const again = await run(["flows", "apply", "-"], stdout);
    assert.equal(again.stdout, "no changes (2 flows as wanted)\n");
    assert.equal(again.code, 0, again.stderr);
    const asJson = await json(["flows", "export", "CLI_STORE"]);
    assert.equal(asJson.value.length, 1);
    const { value } = await json(["flows", "apply", "-"], JSON.stringify(asJson.value));
    assert.deepEqual(value, {
      dryRun: false,
      flows: [{ code: "CLI_STORE", change: "none", applied: false, diff: "" }],
    });
  });

  it("shows the difference of a change, and applies it", async () => {
    const { stdout } = await run(["flows", "export", "CLI_STORE"]);
    writeFileSync(file("changed.yaml"), stdout.replace('description: ""', "description: stores"));
    const { code, value } = await json(["flows", "apply", "--yes", file("changed.yaml")]);
    assert.equal(code, 0);
    assert.deepEqual([value.flows[0].change, value.flows[0].applied], ["update", true]);
    assert.match(value.flows[0].diff, /^-description: ""\n\+description: stores$/m);
    assert.equal((await json(["flows", "show", "CLI_STORE"])).value.description, "stores");
  });

  it("applies nothing when one definition is wrong, and says everything that is", async () => {
    const bad =
      "- {code: CLI_NEW, topic: a, actions: [{type: STORE_DB}]}\n- {code: CLI_BAD, topic: a/#/b, actions: []}\n- 5\n";
    writeFileSync(file("bad.yaml"), bad);
    const { code, stderr } = await run(["flows", "apply", "--yes", file("bad.yaml")]);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: nothing was applied: there are errors\n/);
    assert.match(stderr, /bad\.yaml, definition 2 \(CLI_BAD\) \/actions: must NOT have fewer than 1 items/);
    assert.match(stderr, /bad\.yaml, definition 3: must be object/);
    assert.equal((await gateway.api("/api/v1/flows/CLI_NEW")).status, 404);
  });

  it("does not overwrite what someone else changes meanwhile, and goes no further", async () => {
    const token = readFileSync(join(gateway.dataDir, "admin-token"), "utf8").trim();
    const api = apiOf({ adminUrl: gateway.adminUrl, token });
    const written = ["CLI_STORE", "CLI_LATER"].map((code) => ({
      place: code,
      value: { code, topic: "cli/store", description: "mine", actions: [{ type: "STORE_DB" }] },
    }));
    const plan = await planChanges(api, checkAll(written, 10));
    assert.deepEqual(
      plan.map(({ kind }) => kind),
      ["update", "create"],
    );
    const theirs = { topic: "cli/store", description: "theirs", actions: [{ type: "STORE_DB" }] };
    await gateway.api("/api/v1/flows/CLI_STORE", { method: "PUT", body: { code: "CLI_STORE", ...theirs } });
    const error = "someone else changed it meanwhile; look at the difference again";
    assert.deepEqual(await applyChanges(api, plan), [
      { code: "CLI_STORE", change: "update", applied: false, error },
      { code: "CLI_LATER", change: "create", applied: false },
    ]);
    assert.equal((await json(["flows", "show", "CLI_STORE"])).value.description, "theirs");
    await run(["flows", "apply", "--yes", file("changed.yaml")]);
  });

  it("keeps a flow disabled that the file does not speak of", async () => {
    assert.equal((await run(["flows", "disable", "CLI_STORE"])).stdout, "CLI_STORE is disabled\n");
    const { stdout } = await run(["flows", "apply", file("changed.yaml"), "--yes"]);
    assert.match(stdout, /^-enabled: false\n\+enabled: true$/m);
    await run(["flows", "disable", "CLI_STORE"]);
    writeFileSync(file("silent.yaml"), readFileSync(file("changed.yaml"), "utf8").replace(/^enabled.*\n/m, ""));
    assert.match((await run(["flows", "apply", file("silent.yaml")])).stdout, /^no changes/);
    const { value } = await json(["flows", "enable", "CLI_STORE"]);
    assert.deepEqual([value.length, value[0].code, value[0].enabled], [1, "CLI_STORE", true]);
  });

  it("lists flows in columns that fit, and shows one", async () => {
    const { stdout } = await run(["flows", "list"]);
    assert.match(stdout, /^FLOW +TOPIC +ACTIONS +ENABLED +RECEIVED +REJECTED +LAST MESSAGE$/m);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 120, line);
    const shown = await run(["flows", "show", "CLI_SITE"]);
    assert.match(shown.stdout, /^topic: cli\/\{site\}\/\{device\}\/data$/m);
    assert.match(shown.stdout, /^ACTION +ACCEPTED +DONE +PENDING +DEAD +DISCARDED$/m);
  });

  it("says of a flow that is not there that it is not", async () => {
    const { code, stderr } = await run(["flows", "show", "NONE"]);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: No flow has this code/);
  });

  it("tells another's token from none", async () => {
    const wrong = await sluice(["flows", "list", "--url", gateway.adminUrl, "--token", "not-the-right-one"]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^sluice: A valid bearer token is needed.*\n {2}this is another gateway's token/);
    using nowhere = temporaryDirectory();
    const none = await sluice(["flows", "list", "--url", gateway.adminUrl, "--data-dir", nowhere.path]);
    assert.match(none.stderr, /^sluice: A valid bearer token is needed.*\n {2}give the token with --token/);
  });

  it("tries a message without storing it", async () => {
    const good = await json(["flows", "test", "CLI_SITE", "--topic", "cli/a/b/data", "--payload", '{"n":9}']);
    assert.equal(good.code, 0, good.stderr);
    assert.deepEqual([good.value.verdict, good.value.captures], ["flagged", { site: "a", device: "b" }]);
    writeFileSync(file("payload.bin"), Buffer.from([0xff, 0x00]));
    const bad = await run([
      "flows",
      "test",
      "CLI_STORE",
      "--payload",
      `@${file("payload.bin")}`,
      "--expect",
      "accepted",
    ]);
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /would be rejected/);
    assert.match(bad.stderr, /the message would be rejected, not accepted/);
    assert.equal((await json(["flows", "show", "CLI_SITE"])).value.counters.received, 0);
  });

  it("publishes, and shows the events that came of it", async () => {
    for (const [n, payload] of ['{"temperature":21.5}', '{"temperature":"warm"}', "no \u001b[31m JSON"].entries()) {
      const { code, value } = await json(["publish", "--qos", `${n % 3}`, "cli/store", "-"], payload);
      assert.deepEqual([code, value.acknowledged, value.bytes], [0, n > 0, Buffer.byteLength(payload)]);
    }
    await eventually(
      async () => (await gateway.api("/api/v1/flows/CLI_STORE")).body.counters.received === 3,
      "3 received",
    );
    const { stdout } = await run(["events", "--flow", "CLI_STORE", "--type", "MessageReceived,ValidationFailed"]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 6);
    assert.match(lines[0] as string, /^POSITION +TIME +TYPE +FLOW +WHAT$/);
    assert.match(stdout, /MessageReceived +CLI_STORE +#1 cli\/store \{"temperature":21\.5\}/);
    assert.match(stdout, /#3 cli\/store no \\u001b\[31m JSON/);
    const all = (await run(["events", "--json", "--limit", "all"])).stdout
      .trimEnd()
      .split("\n")
      .map((l) => JSON.parse(l));
    const newest = (await run(["events", "--json", "--order", "desc", "--limit", "2"])).stdout.trimEnd().split("\n");
    assert.deepEqual(
      newest.map((line) => JSON.parse(line).position),
      [all.at(-1).position, all.at(-2).position],
    );
  });

  it("examines the running gateway", async () => {
    const { code, value } = await json(["doctor"]);
    const failed = value.findings.filter(({ status }: { status: string }) => status === "fail");
    assert.deepEqual(failed, []);
    assert.equal(code, 0);
    assert.equal(value.ok, true);
    const checks = new Set(value.findings.map(({ check }: { check: string }) => check));
    for (const check of [
      "Node.js",
      "DATA_DIR",
      "disk",
      "disk space",
      "event log",
      "projection",
      "broker login",
      "ports",
      "clock",
      "gateway",
    ]) {
      assert.ok(checks.has(check), check);
    }
  });
});
