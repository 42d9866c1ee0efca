/** Signed notes: the specification's own example, and what is refused. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, it } from "node:test";
import {
  BadNote,
  type Checkpoint,
  checkpointText,
  formatNote,
  formatVerifierKey,
  keyIdOf,
  parseCheckpoint,
  parseVerifierKey,
  signatureFault,
  type VerifierKey,
} from "@sluice/domain";

const sha256 = (input: string | Uint8Array): Uint8Array => createHash("sha256").update(input).digest();
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const raw = Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url");
const key: VerifierKey = { name: "sluice/test", keyId: keyIdOf(sha256, "sluice/test", raw), publicKey: raw };

const verifyEd25519 = (of: Uint8Array, text: string, signature: Uint8Array): boolean => {
  const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from(of).toString("base64url") };
  return verify(null, Buffer.from(text), createPublicKey({ key: jwk, format: "jwk" }), signature);
};

const checkpoint: Checkpoint = {
  origin: "sluice/test",
  size: 1_234,
  root: sha256("root"),
  position: "1234",
  time: "2026-01-31T12:00:00.000Z",
};
const noteOf = (of: Checkpoint): string => {
  const text = checkpointText(of);
  return formatNote(text, [
    { keyName: key.name, keyId: key.keyId, signature: sign(null, Buffer.from(text), privateKey) },
  ]);
};

describe("checkpoint", () => {
  it("reads the specification's example (c2sp.org/tlog-checkpoint)", () => {
    const note =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" +
      "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    const parsed = parseCheckpoint(note);
    assert.equal(parsed.origin, "example.com/behind-the-sofa");
    assert.equal(parsed.size, 20_852_163);
    assert.deepEqual([parsed.position, parsed.time], [null, null]);
    assert.equal(parsed.signatures[0]?.keyId, "033de0ae");
    assert.equal(formatNote(parsed.text, parsed.signatures), note);
  });

  it("is read as it was written, and its signature holds", () => {
    const parsed = parseCheckpoint(noteOf(checkpoint));
    const { text: _, signatures: __, ...rest } = parsed;
    assert.deepEqual({ ...rest, root: Buffer.from(rest.root) }, { ...checkpoint, root: Buffer.from(checkpoint.root) });
    assert.equal(signatureFault(parsed, key, verifyEd25519), null);
  });

  it("does not hold once anything in it is changed", () => {
    const note = noteOf(checkpoint);
    for (const [from, to] of [
      ["1234\n", "1235\n"],
      ["12:00:00", "12:00:01"],
      ["position 1234", "position 9"],
    ] as const) {
      const changed = parseCheckpoint(note.replace(from, to));
      assert.equal(signatureFault(changed, key, verifyEd25519), "its signature is not valid");
    }
  });

  it("is not taken for one of another key", () => {
    const other = { ...key, name: "sluice/other", keyId: keyIdOf(sha256, "sluice/other", raw) };
    assert.match(signatureFault(parseCheckpoint(noteOf(checkpoint)), other, verifyEd25519) ?? "", /not signed by/);
  });

  it("is refused with the reason where it is none", () => {
    for (const note of [
      "",
      "no signature\n1\n",
      noteOf(checkpoint).replace("1234\n", "01234\n"),
      noteOf(checkpoint).replace(/^.*\n/, "\n"),
      noteOf({ ...checkpoint, root: sha256("x").subarray(1) }),
      noteOf(checkpoint).replace("— ", "- "),
      `${noteOf(checkpoint)}x`,
      "x".repeat(200_000),
    ]) {
      assert.throws(() => parseCheckpoint(note), BadNote, JSON.stringify(note.slice(0, 80)));
    }
  });
});

describe("verifier key", () => {
  it("is read as it was written", () => {
    const text = formatVerifierKey(key);
    const parsed = parseVerifierKey(sha256, `${text}\n`);
    assert.deepEqual({ ...parsed, publicKey: Buffer.from(parsed.publicKey) }, key);
  });

  it("reads the key of Go's checksum database", () => {
    const { name, keyId } = parseVerifierKey(
      sha256,
      "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    );
    assert.deepEqual([name, keyId], ["sum.golang.org", "033de0ae"]);
  });

  it("is refused where its parts do not belong together", () => {
    for (const text of [
      "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
      "sum.golang.com+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
      "sum.golang.org+033de0ae+Ag==",
      "sum.golang.org",
      "",
    ]) {
      assert.throws(() => parseVerifierKey(sha256, text), BadNote, text);
    }
  });
});
