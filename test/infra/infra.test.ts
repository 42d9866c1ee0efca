/** What cannot be run here is at least read by the tool that it is for, or held against what it speaks of. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { findProgram } from "../support/services.ts";

const root = join(import.meta.dirname, "../..");
const analyze = findProgram("systemd-analyze");

describe("infra", () => {
  it("alerts speak of metrics that exist", () => {
    const { groups } = parse(readFileSync(join(root, "infra/prometheus/alerts.yml"), "utf8"));
    const rules: { alert: string; expr: string }[] = groups.flatMap((group: { rules: [] }) => group.rules);
    const documented = readFileSync(join(root, "docs/metrics.md"), "utf8");
    assert.ok(rules.length > 0);
    for (const { alert, expr } of rules) {
      const [name] = /sluice_\w+/.exec(expr) ?? [];
      assert.ok(name !== undefined && documented.includes(`\`${name}\``), `${alert}: ${expr}`);
    }
  });

  it("systemd understands the unit", { skip: analyze === null ? "systemd-analyze is missing" : false }, () => {
    const unit = join(root, "infra/systemd/sluice.service");
    const { stdout, stderr } = spawnSync(analyze as string, ["verify", "--man=no", unit], { encoding: "utf8" });
    // The program itself is not installed where tests run.
    const complaints = (stdout + stderr).split("\n").filter((line) => line !== "" && !line.includes("not executable"));
    assert.deepEqual(complaints, []);
  });

  it("the service has few rights", { skip: analyze === null ? "systemd-analyze is missing" : false }, () => {
    const rate = (unit: string) =>
      spawnSync(analyze as string, ["security", "--offline=true", "--threshold=25", "--no-pager", unit], {
        encoding: "utf8",
      });
    const unit = join(root, "infra/systemd/sluice.service");
    const { status, stdout } = rate(unit);
    // Of 0 to 10, in tenths; a unit without such settings has 9.6.
    assert.equal(status, 0, stdout);
    const directory = mkdtempSync(join(tmpdir(), "sluice-unit-"));
    try {
      const bare = join(directory, "sluice.service");
      writeFileSync(
        bare,
        readFileSync(unit, "utf8").replace(/^(Restrict|Protect|SystemCall|Capability|Dynamic).*$/gm, ""),
      );
      assert.notEqual(rate(bare).status, 0, "a unit with more rights is found out");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
