/** The import rules of biome.json bite: each of these would be refused by `check`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");
const biome = join(root, "node_modules/.bin/biome");

type Probe = readonly [name: string, folder: string, source: string];

/**
 * Lints files that exist only meanwhile, all at once: given on standard input, Biome would not say what it found.
 * @returns what was said of each, by the probes' names
 */
const lint = (probes: readonly Probe[]): ReadonlyMap<string, string> => {
  const files = probes.map(([, folder], index) => `${folder}/boundary-probe-${process.pid}-${index}.ts`);
  for (const [index, [, , source]] of probes.entries()) writeFileSync(join(root, files[index] as string), source);
  try {
    const { stdout, stderr } = spawnSync(biome, ["lint", "--max-diagnostics=none", "--reporter=github", ...files], {
      cwd: root,
      encoding: "utf8",
    });
    const lines = (stdout + stderr).split("\n");
    return new Map(
      probes.map(([name], index) => [name, lines.filter((line) => line.includes(files[index] as string)).join("\n")]),
    );
  } finally {
    for (const file of files) rmSync(join(root, file));
  }
};

const forbidden = [
  ["domain imports Node", "packages/domain/src", 'import fs from "node:fs";\nexport const a = fs;\n'],
  ["domain imports a library", "packages/domain/src", 'import { Type } from "typebox";\nexport const a = Type;\n'],
  ["domain reads the environment", "packages/domain/src", "export const a = process.env;\n"],
  ["domain uses Buffer", "packages/domain/src", 'export const a = Buffer.from("x");\n'],
  ["domain imports an adapter", "packages/domain/src", 'export { a } from "@sluice/adapter-http";\n'],
  ["contracts import domain", "packages/contracts/src", 'import { a } from "@sluice/domain";\nexport const b = a;\n'],
  [
    "an adapter imports another",
    "packages/adapters/http/src",
    'import { a } from "@sluice/adapter-ajv";\nexport const b = a;\n',
  ],
  [
    "an adapter imports the container",
    "packages/adapters/mqtt/src",
    'import { Container } from "inversify";\nexport const b = Container;\n',
  ],
  [
    "an adapter imports the app",
    "packages/adapters/mqtt/src",
    'import { a } from "@sluice/app";\nexport const b = a;\n',
  ],
] as const;

const proper: Probe = [
  "a proper import",
  "packages/domain/src",
  'import type { QoS } from "@sluice/contracts";\n\nexport const a: QoS = 1;\n',
];

describe("import boundaries", () => {
  const said = lint([...forbidden, proper]);
  for (const [name] of forbidden) {
    it(`refuses: ${name}`, () => {
      assert.match(
        said.get(name) ?? "",
        /lint\/\S+\/(noRestrictedImports|noRestrictedGlobals|noNodejsModules|noUndeclaredDependencies)/,
      );
    });
  }

  it("lets a proper import pass", () => {
    assert.equal(said.get("a proper import"), "");
  });
});
