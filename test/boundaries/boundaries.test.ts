/** The import rules of biome.json bite: each of these would be refused by `check`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");
const biome = join(root, "node_modules/.bin/biome");

/** Lints a file that exists only meanwhile: given on standard input, Biome would not say what it found. */
const lint = (folder: string, source: string): string => {
  const file = join(root, folder, `boundary-probe-${process.pid}.ts`);
  writeFileSync(file, source);
  try {
    const { stdout, stderr } = spawnSync(biome, ["lint", file], { cwd: root, encoding: "utf8" });
    return stdout + stderr;
  } finally {
    rmSync(file);
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

describe("import boundaries", () => {
  for (const [name, folder, source] of forbidden) {
    it(`refuses: ${name}`, () => {
      assert.match(
        lint(folder, source),
        / lint\/\S+\/(noRestrictedImports|noRestrictedGlobals|noNodejsModules|noUndeclaredDependencies)/,
      );
    });
  }

  it("lets a proper import pass", () => {
    const source = 'import type { QoS } from "@sluice/contracts";\n\nexport const a: QoS = 1;\n';
    assert.doesNotMatch(lint("packages/domain/src", source), / lint\//);
  });
});
