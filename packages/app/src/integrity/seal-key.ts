/** The key that signs checkpoints: made once, in DATA_DIR, readable by its owner only. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { chmodSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  type Checkpoint,
  checkpointText,
  formatNote,
  keyIdOf,
  type VerifierKey,
  type VerifySignature,
} from "@sluice/domain";
import { sha256 } from "./sha256.ts";

export class BadSealKey extends Error {
  override readonly name = "BadSealKey";
}

const rawKey = (key: KeyObject): Uint8Array => {
  const { x = "" } = key.export({ format: "jwk" });
  return Buffer.from(x, "base64url");
};

export class SealKey {
  readonly #privateKey: KeyObject;
  readonly #publicKey: Uint8Array;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#publicKey = rawKey(createPublicKey(privateKey));
  }

  /** Under the name of a tree. */
  verifierKey(name: string): VerifierKey {
    return { name, keyId: keyIdOf(sha256, name, this.#publicKey), publicKey: this.#publicKey };
  }

  /** The signed note. */
  sign(checkpoint: Checkpoint): string {
    const text = checkpointText(checkpoint);
    const { name: keyName, keyId } = this.verifierKey(checkpoint.origin);
    return formatNote(text, [{ keyName, keyId, signature: sign(null, Buffer.from(text), this.#privateKey) }]);
  }
}

/** @throws BadSealKey, or the file system's error */
export const readSealKey = (file: string): SealKey => {
  const pem = readFileSync(file, "utf8");
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new BadSealKey(`${file} holds no private key`, { cause: error });
  }
  if (key.asymmetricKeyType !== "ed25519") throw new BadSealKey(`${file} holds no Ed25519 key`);
  return new SealKey(key);
};

/** The key in that file, which is made when it is not there. */
export const sealKeyAt = (file: string): SealKey => {
  try {
    chmodSync(file, 0o600);
    return readSealKey(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  const whole = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(whole, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600, flag: "wx", flush: true });
  try {
    // Whoever else makes one at this moment is either first or second, and then all have the first one's.
    linkSync(whole, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(whole);
  }
  return readSealKey(file);
};

export const verifyEd25519: VerifySignature = (publicKey, text, signature) => {
  const key = { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey).toString("base64url") };
  return verify(null, Buffer.from(text), createPublicKey({ key, format: "jwk" }), signature);
};
