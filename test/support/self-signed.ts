/** A self-signed certificate made on the spot (X.509 v3, RFC 5280, in DER), so that none lies about and none expires. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(contents);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
};
const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(der(0x06, hex("2a 86 48 ce 3d 04 03 02")));
const COMMON_NAME = der(0x06, hex("55 04 03"));
const SUBJECT_ALT_NAME = der(0x06, hex("55 1d 11"));
const DAY_MS = 86_400_000;

const utcTime = (ms: number): Buffer => {
  const digits = new Date(ms).toISOString().replace(/\D/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
};

export interface SelfSigned {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

/** For the host names and IPv4 addresses, valid from yesterday for a month, or not any more. */
export const selfSigned = (
  hosts: readonly string[] = ["localhost"],
  addresses: readonly string[] = ["127.0.0.1"],
  validity: "valid" | "expired" = "valid",
): SelfSigned => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(hosts[0] ?? "test")))));
  const until = Date.now() + (validity === "valid" ? 30 : -1) * DAY_MS;
  const alternatives = sequence(
    ...hosts.map((host) => der(0x82, Buffer.from(host))),
    ...addresses.map((address) => der(0x87, Uint8Array.from(address.split("."), Number))),
  );
  const serial = randomBytes(8);
  serial[0] = 0x01;
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(utcTime(until - 31 * DAY_MS), utcTime(until)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(SUBJECT_ALT_NAME, der(0x04, alternatives)))),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, ECDSA_WITH_SHA256, der(0x03, Uint8Array.of(0), signature));
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
};
