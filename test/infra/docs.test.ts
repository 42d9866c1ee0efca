/** What the documentation points at is there, and the flows that it shows are flows. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { GatewayProcess } from "../support/gateway-process.ts";

const root = join(import.meta.dirname, "../..");
const pages = globSync(["README.md", "docs/**/*.md", "infra/**/*.md"], { cwd: root }).sort();
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

const brokenLinks = (page: string, text: string): readonly string[] => {
  // Not in code.
  const prose = text.replace(/```.*?```/gs, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(textOf(file)).includes(anchor);
    });
};

describe("documentation", () => {
  it("links to what is there", () => {
    assert.ok(pages.length > 10);
    for (const page of pages) assert.deepEqual(brokenLinks(page, textOf(page)), [], page);
  });

  it("would be found out if it did not", () => {
    const text = "[a](nowhere.md) [b](backup.md#no-such-heading) [c](backup.md#restore) `[d](code)`";
    assert.deepEqual(brokenLinks("docs/x.md", text), ["nowhere.md", "backup.md#no-such-heading"]);
  });

  describe("of the move to Sluice", () => {
    let gateway: GatewayProcess;
    before(async () => {
      gateway = new GatewayProcess();
      await gateway.start();
    });
    after(() => gateway.dispose());

    it("shows flows that the gateway takes, and messages of the old stack are valid in", async () => {
      const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(textOf("docs/migration.md")) ?? [];
      const flows: { code: string }[] = parse(yaml);
      assert.equal(flows.length, 2);
      for (const flow of flows) await gateway.define(flow);
      const { status, body } = await gateway.api("/api/v1/flows/TEMPERATURE_READINGS/test", {
        body: {
          topic: "/readings/temperature/aabbccddeeff",
          payload: { macAddress: "AA:BB:CC:DD:EE:FF", timestamp: "2026-01-01T00:00:00Z", temperature: 21.5 },
        },
      });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body.verdict, "accepted", JSON.stringify(body));
    });
  });
});
