import { pbkdf2Sync, randomBytes } from "node:crypto";

const ITERATIONS = 101;
const HASH_BYTES = 64;

/** Content of a Mosquitto password file, with the hashes of its version 2: PBKDF2 with SHA-512. */
export const passwordFile = (users: Readonly<Record<string, string>>): string =>
  Object.entries(users)
    .map(([name, password]) => {
      const salt = randomBytes(12);
      const hash = pbkdf2Sync(password, salt, ITERATIONS, HASH_BYTES, "sha512");
      return `${name}:$7$${ITERATIONS}$${salt.toString("base64")}$${hash.toString("base64")}\n`;
    })
    .join("");
