/** A proof for one event: exported from a gateway's log, checked with nothing but a file and a key. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { sluice, temporaryDirectory } from "../cli/command-line.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { defineFlow, publish, sealed } from "./support.ts";

describe("proof of an event", () => {
  const gateway = new GatewayProcess();
  const elsewhere = temporaryDirectory();
  const file = (name: string) => join(elsewhere.path, name);
  const event = { id: "", payload: "" };

  before(async () => {
    await gateway.start();
    await defineFlow(gateway);
    await publish(gateway, 200);
    await sealed(gateway);
    const events = await gateway.all("/api/v1/events?type=MessageReceived");
    event.id = events[120].id;
    event.payload = events[120].data.payload.data;
  });
  after(async () => {
    await gateway.dispose();
    elsewhere[Symbol.dispose]();
  });

  const run = (...args: readonly string[]) => sluice(args, { env: { DATA_DIR: gateway.dataDir } });
  /** Without a data directory, a gateway or a configuration. */
  const offline = (...args: readonly string[]) => sluice(args, { cwd: elsewhere.path });

  it("needs a checkpoint that covers the event", async () => {
    const { code, stderr } = await run("prove", event.id);
    assert.equal(code, 1);
    assert.match(stderr, /no checkpoint covers event .*\n.*sluice checkpoint/);
  });

  it("is exported from the log and checked offline", async () => {
    const checkpoint = await run("checkpoint");
    assert.equal(checkpoint.code, 0, checkpoint.stderr);
    writeFileSync(file("sluice.pub"), (await run("checkpoint", "--key")).stdout);
    const exported = await run("prove", event.id);
    assert.equal(exported.code, 0, exported.stderr);
    writeFileSync(file("proof.json"), exported.stdout);
    await gateway.stop();
    const { code, stdout, stderr } = await offline("check-proof", "proof.json", "--key", "sluice.pub");
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^OK  event ${event.id} is number \\d+ of \\d+, signed 20`));
    const json = await offline("check-proof", "proof.json", "--key", "sluice.pub", "--json");
    const proved = JSON.parse(json.stdout);
    assert.equal(proved.event.data.payload.data, event.payload);
    assert.ok(!("position" in proved.event), "the position is not proved");
  });

  it("does not hold for anything else", async () => {
    const proof = JSON.parse(readFileSync(file("proof.json"), "utf8"));
    const key = readFileSync(file("sluice.pub"), "utf8").trim();
    const other = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    const refused = async (changed: unknown, why: RegExp, with_ = key): Promise<void> => {
      writeFileSync(file("changed.json"), JSON.stringify(changed));
      const { code, stderr } = await offline("check-proof", "changed.json", "--key", with_);
      assert.equal(code, 1, stderr);
      assert.match(stderr, why);
    };
    const altered = /one of them was altered/;
    await Promise.all([
      refused({ ...proof, event: { ...proof.event, data: { ...proof.event.data, qos: 2 } } }, altered),
    ]);
    await refused({ ...proof, index: proof.index + 1 }, altered);
    await refused({ ...proof, path: proof.path.toReversed() }, altered);
    await refused(
      { ...proof, checkpoint: proof.checkpoint.replace(/\ntime .*\n/, "\ntime x\n") },
      /signature is not valid/,
    );
    await refused(proof, /is not signed by sum.golang.org/, other);
    await refused({}, /not a proof/);
  });

  it("is not made for an event that is not in the log", async () => {
    const { code, stderr } = await run("prove", "0199ffff-0000-7000-8000-000000000001");
    assert.equal(code, 1);
    assert.match(stderr, /no event .* is sealed/);
  });

  it("says clearly what it was not given", async () => {
    assert.equal((await offline("check-proof", "proof.json")).code, 2);
    assert.match((await offline("check-proof", "proof.json", "--key", "nothing")).stderr, /nothing cannot be read/);
    assert.match((await offline("check-proof", "none.json", "--key", "sluice.pub")).stderr, /none.json cannot be read/);
    const nothing = await sluice(["verify"], { env: { DATA_DIR: file("empty") } });
    assert.equal(nothing.code, 1);
    assert.match(nothing.stderr, /there is no event log at/);
    rmSync(join(gateway.dataDir, "seals.db"));
    assert.match((await run("verify")).stderr, /nothing of this log is sealed here/);
  });
});
