/** The sealer in a gateway: it seals all, goes on where it was, and signs what it has. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  eventEntry,
  Frontier,
  leafHash,
  parseCheckpoint,
  parseVerifierKey,
  signatureFault,
  toBase64,
} from "@sluice/domain";
import { verifyEd25519 } from "../../packages/app/src/integrity/seal-key.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { defineFlow, publish, sealed } from "./support.ts";

const sha256 = (input: string | Uint8Array): Uint8Array => createHash("sha256").update(input).digest();

/** The tree made anew of what the API shows of the log. */
const rootOfLog = async (gateway: GatewayProcess, size: number): Promise<string> => {
  const tree = new Frontier(sha256);
  for (const event of (await gateway.all("/api/v1/events")).slice(0, size))
    tree.add(leafHash(sha256, eventEntry(event)));
  assert.equal(tree.size, size);
  return toBase64(tree.root());
};

describe("sealing", () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = new GatewayProcess();
    await gateway.start();
    await defineFlow(gateway);
  });
  after(() => gateway.dispose());

  it("covers every event, in log order, with a tree that anyone can make again", async () => {
    await publish(gateway, 150);
    const size = await sealed(gateway);
    assert.ok(size > 450, `${size}`);
    const { status, body } = await gateway.api("/api/v1/checkpoints", { method: "POST" });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body.size, size);
    assert.equal(body.root, await rootOfLog(gateway, size));
    const key = parseVerifierKey(sha256, body.key);
    const note = parseCheckpoint(body.note);
    assert.equal(signatureFault(note, key, verifyEd25519), null);
    assert.deepEqual([note.size, note.position, toBase64(note.root)], [size, body.position, body.root]);
    assert.deepEqual((await gateway.api("/api/v1/checkpoints/latest")).body, body);
  });

  it("keeps its key from others", () => {
    assert.equal(statSync(join(gateway.dataDir, "seal-key.pem")).mode & 0o777, 0o600);
  });

  it("goes on where it was after it was killed in the middle", async () => {
    for (let round = 0; round < 3; round++) {
      await publish(gateway, 200, 1_000 * (round + 1));
      await gateway.kill();
      await gateway.start();
    }
    const size = await sealed(gateway);
    const { body } = await gateway.api("/api/v1/checkpoints", { method: "POST" });
    assert.equal(body.size, size);
    assert.equal(body.root, await rootOfLog(gateway, size));
  });

  it("lists checkpoints, the newest first, page by page", async () => {
    await gateway.api("/api/v1/checkpoints", { method: "POST" });
    const first = (await gateway.api("/api/v1/checkpoints?limit=2")).body;
    assert.equal(first.items.length, 2);
    assert.ok(first.items[0].time >= first.items[1].time);
    const second = (await gateway.api(`/api/v1/checkpoints?limit=2&after=${first.next}`)).body;
    assert.ok(second.items.length > 0);
    assert.ok(second.items[0].time <= first.items[1].time);
    assert.equal((await gateway.api("/api/v1/checkpoints?after=x")).status, 400);
  });

  it("signs by itself, and at a clean stop", async () => {
    await publish(gateway, 5, 9_000);
    const size = await sealed(gateway);
    await gateway.stop();
    await gateway.start();
    assert.ok((await gateway.api("/api/v1/checkpoints/latest")).body.size >= size);
  });
});

describe("without sealing", () => {
  it("the gateway seals nothing, and says so where seals are asked for", async () => {
    const gateway = new GatewayProcess({ env: { SEAL_LOG: "false" } });
    try {
      await gateway.start();
      const { status, body } = await gateway.api("/api/v1/checkpoints/latest");
      assert.deepEqual([status, body.code], [503, "seals-unavailable"]);
      const health = (await gateway.api("/health")).body;
      assert.ok(health.sinks.every(({ name }: { name: string }) => name !== "sealer"));
    } finally {
      await gateway.dispose();
    }
  });
});
