/**
 * A checkpoint: the head of the tree at one size, as a signed note (https://c2sp.org/signed-note,
 * https://c2sp.org/tlog-checkpoint). Its text has three lines, origin, size and root, and two extension lines:
 *
 *   sluice/6b0f1a52-…
 *   20852163
 *   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 *   position 20852163
 *   time 2026-01-31T12:00:00.000Z
 *
 * followed by an empty line and a line `— <key name> <base64 of key id and signature>` for each signature.
 */
import { HASH_BYTES, type Sha256 } from "./merkle-tree.ts";

export interface Checkpoint {
  /** Names the tree, and is the name of its key. */
  readonly origin: string;
  /** Leaves of the tree. */
  readonly size: number;
  readonly root: Uint8Array;
  /** Of the last event that it covers, in the store of the one who signed; null when it covers none. */
  readonly position: string | null;
  /** RFC 3339 UTC; null in a checkpoint that was not made by Sluice. */
  readonly time: string | null;
}

export interface NoteSignature {
  readonly keyName: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

export interface SignedCheckpoint extends Checkpoint {
  /** What is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A public key as a line of text: `<name>+<key id>+<base64 of 0x01 and the 32 bytes of an Ed25519 key>`. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
}

export class BadNote extends Error {
  override readonly name = "BadNote";
}

const ED25519 = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** @throws BadNote */
export const fromBase64 = (text: string, what: string): Uint8Array => {
  // `atob` would forgive white space and missing padding; a signed text has one spelling.
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }
  throw new BadNote(`${what} is not base64`);
};

const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** First four bytes of SHA-256(name || newline || 0x01 || key), in hexadecimal. */
export const keyIdOf = (sha256: Sha256, name: string, publicKey: Uint8Array): string => {
  const prefix = utf8(`${name}\n`);
  return toHex(sha256(Uint8Array.of(...prefix, ED25519, ...publicKey)).subarray(0, KEY_ID_BYTES));
};

const utf8 = (text: string): Uint8Array => {
  const escaped = encodeURIComponent(text);
  const bytes = escaped.match(/%[0-9A-F]{2}|[^%]/g) ?? [];
  return Uint8Array.from(bytes, (byte) =>
    byte.length === 1 ? byte.charCodeAt(0) : Number.parseInt(byte.slice(1), 16),
  );
};

export const formatVerifierKey = ({ name, keyId, publicKey }: VerifierKey): string =>
  `${name}+${keyId}+${toBase64(Uint8Array.of(ED25519, ...publicKey))}`;

/** @throws BadNote */
export const parseVerifierKey = (sha256: Sha256, text: string): VerifierKey => {
  const [, name, keyId, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text.trim()) ?? [];
  if (name === undefined || keyId === undefined || encoded === undefined) {
    throw new BadNote("not a public key: it wants <name>+<key id>+<base64>");
  }
  const bytes = fromBase64(encoded, "the public key");
  if (bytes[0] !== ED25519 || bytes.length !== 1 + KEY_BYTES) throw new BadNote("the public key is not an Ed25519 key");
  const publicKey = bytes.subarray(1);
  if (keyIdOf(sha256, name, publicKey) !== keyId) throw new BadNote("the public key does not belong to its key id");
  return { name, keyId, publicKey };
};

/** What is signed of a checkpoint. */
export const checkpointText = ({ origin, size, root, position, time }: Checkpoint): string => {
  const extensions = [position === null ? [] : [`position ${position}`], time === null ? [] : [`time ${time}`]].flat();
  return `${[origin, `${size}`, toBase64(root), ...extensions].join("\n")}\n`;
};

export const formatNote = (text: string, signatures: readonly NoteSignature[]): string =>
  `${text}\n${signatures
    .map(({ keyName, keyId, signature }) => {
      const id = keyId.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
      return `— ${keyName} ${toBase64(Uint8Array.of(...id, ...signature))}\n`;
    })
    .join("")}`;

const parseSignature = (line: string): NoteSignature => {
  const [, keyName, encoded] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
  if (keyName === undefined || encoded === undefined) throw new BadNote(`not a signature: ${line.slice(0, 100)}`);
  const bytes = fromBase64(encoded, "a signature");
  if (bytes.length <= KEY_ID_BYTES) throw new BadNote("a signature is too short");
  return { keyName, keyId: toHex(bytes.subarray(0, KEY_ID_BYTES)), signature: bytes.subarray(KEY_ID_BYTES) };
};

const NOTE_CHARACTERS = 100_000;

/** Nothing is trusted until a signature has been verified. @throws BadNote */
export const parseCheckpoint = (note: string): SignedCheckpoint => {
  if (note.length > NOTE_CHARACTERS) throw new BadNote("too long for a checkpoint");
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new BadNote("not a signed note: it has no empty line before signatures");
  const text = note.slice(0, end + 1);
  const signatures = note
    .slice(end + 2, -1)
    .split("\n")
    .map(parseSignature);
  const [origin = "", size = "", root = "", ...extensions] = text.slice(0, -1).split("\n");
  if (origin === "") throw new BadNote("the checkpoint names no origin");
  if (!/^(0|[1-9]\d{0,14})$/.test(size)) throw new BadNote("the checkpoint's second line is not a size");
  const hash = fromBase64(root, "the checkpoint's root");
  if (hash.length !== HASH_BYTES) throw new BadNote(`the checkpoint's root does not have ${HASH_BYTES} bytes`);
  const extension = (name: string): string | null =>
    extensions.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? null;
  return {
    origin,
    size: Number(size),
    root: hash,
    position: extension("position"),
    time: extension("time"),
    text,
    signatures,
  };
};

/** Ed25519 over the text. */
export type VerifySignature = (publicKey: Uint8Array, text: string, signature: Uint8Array) => boolean;

/** Why the note is not one that this key signed; null when it is. */
export const signatureFault = (note: SignedCheckpoint, key: VerifierKey, verify: VerifySignature): string | null => {
  const own = note.signatures.filter(({ keyName, keyId }) => keyName === key.name && keyId === key.keyId);
  if (own.length === 0) {
    const others = note.signatures.map(({ keyName, keyId }) => `${keyName}+${keyId}`).join(", ");
    return `it is not signed by ${key.name}+${key.keyId}, but by ${others}`;
  }
  return own.every(({ signature }) => verify(key.publicKey, note.text, signature))
    ? null
    : "its signature is not valid";
};
