/** Which filters the broker holds in our session, kept in a file: the MQTT source reads it at its first connect. */
import { readFile, rename, writeFile } from "node:fs/promises";
import type { SessionMemory } from "@sluice/adapter-mqtt";

export const fileSessionMemory = (file: string): SessionMemory => ({
  /** A file that is missing or damaged is an empty memory: a subscription that nobody wants any more may then linger. */
  load: async () => {
    try {
      const filters: unknown = JSON.parse(await readFile(file, "utf8"));
      return Array.isArray(filters) ? filters.filter((filter) => typeof filter === "string") : [];
    } catch {
      return [];
    }
  },
  save: async (filters) => {
    await writeFile(`${file}.new`, JSON.stringify(filters));
    await rename(`${file}.new`, file);
  },
});
