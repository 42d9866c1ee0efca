/** Variables that nobody reads, although they look like ours. */
import { CONFIG_VARIABLE, fields, variables } from "./names.ts";
import { nearestName } from "./nearest-name.ts";

const MOST_EDITS = 2;

const known: readonly string[] = [...variables.map(({ name }) => name), CONFIG_VARIABLE];
const isKnown: ReadonlySet<string> = new Set(known);

export const typoWarnings = (env: Readonly<Record<string, string | undefined>>): string[] => {
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (isKnown.has(name) || value === undefined || !/^[A-Z][A-Z0-9_]{5,}$/.test(name)) continue;
    const file = fields.find(([, field]) => `${field.env}_FILE` === name);
    if (file !== undefined) {
      warnings.push(`${name} is not read: ${file[1].env} is no secret, set it itself`);
      continue;
    }
    const meant = nearestName(name, known, MOST_EDITS);
    // One that is set already was spelt right, and the other belongs to another program.
    if (meant !== undefined && env[meant.name] === undefined) {
      warnings.push(`${name} is not read: did you mean ${meant.name}?`);
    }
  }
  return warnings;
};
