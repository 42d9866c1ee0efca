/** The demo: what it prints works, and what it shows is so. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { eventually } from "../support/gateway-process.ts";
import { sluice, startSluice, temporaryDirectory } from "./command-line.ts";

interface Page {
  readonly items: readonly Record<string, unknown>[];
}

const itemsAt = async (url: string, headers: Record<string, string>): Promise<Page["items"]> =>
  ((await (await fetch(url, { headers })).json()) as Page).items;

describe("sluice demo", () => {
  it("serves everything it names, and stops cleanly", async () => {
    using directory = temporaryDirectory();
    const env = { ADMIN_PORT: "0", EMBEDDED_BROKER_PORT: "0", MQTT_URL: "mqtt://127.0.0.1:4" };
    const demo = startSluice(["demo"], { cwd: directory.path, env });
    let stdout = "";
    let stderr = "";
    demo.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    demo.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const named = (name: string) => new RegExp(`^ {2}${name} +(\\S+)`, "m").exec(stdout)?.[1] as string;
    try {
      await eventually(() => {
        assert.equal(demo.exitCode, null, stderr);
        return stdout.includes("See what came of it") && stdout.trimEnd().endsWith("--limit 20");
      }, `the demo runs: ${stderr}`);
      assert.match(stderr, /ignores MQTT_URL/);
      const headers = { authorization: `Bearer ${named("token")}` };
      const get = async (url: string) => await fetch(url, { headers });

      assert.equal((await get(named("health"))).status, 200);
      const base = new URL(named("health")).origin;
      assert.deepEqual(
        (await itemsAt(`${base}/api/v1/flows`, headers)).map(({ code }) => code),
        ["AHT10_ENDPOINT", "AHT10_SENSOR", "SITE_SENSORS", "TEMP_HUM_DB"],
      );
      const published = await sluice(
        ["publish", "--data-dir", "data/demo", "sensors/aht10/http", '{ "temperature":1e0, "humidity":2 }'],
        {
          cwd: directory.path,
        },
      );
      assert.equal(published.code, 0, published.stderr);
      await eventually(async () => {
        const bodies = (await (await get(named("receiver"))).text()).split("\n");
        return bodies.includes('{ "temperature":1e0, "humidity":2 }');
      }, "the receiver shows the body byte for byte");
      const [, header = "", url = ""] = /curl -s -H '(.+?)' '(\S+data\S+)'/.exec(stdout) ?? [];
      const [name = "", value = ""] = header.split(": ");
      await eventually(
        async () => (await itemsAt(url, { [name]: value })).some(({ attribute }) => attribute === "temperature"),
        "the rows that the printed command asks for",
      );
      await eventually(
        async () => (await itemsAt(`${base}/api/v1/events?type=ValidationFailed`, headers)).length > 0,
        "a bad message is recorded",
      );
    } finally {
      const exited = once(demo, "exit");
      demo.kill("SIGINT");
      assert.deepEqual(await exited, [0, null], stderr);
    }
    assert.ok(!existsSync(join(directory.path, "data/events.db")));
  });

  it("does not touch a gateway's data", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "events.db"), "");
    const { code, stderr } = await sluice(["demo", "--data-dir", directory.path]);
    assert.equal(code, 1);
    assert.match(stderr, /holds the data of a gateway, which the demo will not touch/);
  });
});
