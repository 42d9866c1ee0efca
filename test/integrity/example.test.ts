/** The worked example of docs/integrity.md, run as it stands there. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { connectAsync } from "mqtt";
import { sluice, temporaryDirectory } from "../cli/command-line.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { sealed } from "./support.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/integrity.md"), "utf8");
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))].map(([, text]) => text as string);

describe("the example of docs/integrity.md", () => {
  const gateway = new GatewayProcess();
  const elsewhere = temporaryDirectory();

  before(async () => {
    await gateway.start();
    await gateway.define({
      code: "COLD_ROOM",
      topic: "rooms/cold",
      payloadSchema: { temperature: "float" },
      actions: [{ type: "STORE_DB" }],
    });
    const client = await connectAsync(gateway.brokerUrl);
    for (const temperature of [3.5, 23.5, 4]) {
      await client.publishAsync("rooms/cold", JSON.stringify({ temperature }), { qos: 1 });
    }
    await client.endAsync();
    await sealed(gateway);
  });
  after(async () => {
    await gateway.dispose();
    elsewhere[Symbol.dispose]();
  });

  /** A line as a shell would run it: `sluice … > file`. */
  const shell = async (line: string) => {
    const [command = "", file] = line.split(" > ");
    const [program, ...args] = command.split(" ");
    assert.equal(program, "sluice");
    const ran = await sluice(args, { cwd: elsewhere.path, env: { DATA_DIR: gateway.dataDir } });
    if (file !== undefined) writeFileSync(join(elsewhere.path, file), ran.stdout);
    return ran;
  };
  const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line.startsWith("sluice "));

  it("does what it says", async () => {
    const [keep = "", verify = "", prove = ""] = blocks("sh");
    for (const line of [...lines(keep), ...lines(verify)]) {
      const { code, stdout, stderr } = await shell(line);
      assert.equal(code, 0, `${line}: ${stdout}${stderr}`);
    }
    const [event] = await gateway.all("/api/v1/events?type=MessageReceived");
    for (const line of lines(prove)) {
      const { code, stdout, stderr } = await shell(line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, event.id));
      assert.equal(code, 0, `${line}: ${stdout}${stderr}`);
    }
    await gateway.stop();
    const [update = ""] = blocks("sql");
    const database = new DatabaseSync(join(gateway.dataDir, "events.db"));
    database.exec(update);
    database.close();
    const [line = ""] = lines(verify);
    const { code, stdout } = await shell(line);
    assert.equal(code, 1, stdout);
    // But for what differs from one log to another.
    const same = (text: string): readonly string[] =>
      text
        .split("\n")
        .slice(0, 5)
        .map((shown) => shown.replace(/\d{8}, version/, "DAY, version").replace(/(id +)\S+/, "$1…"));
    assert.deepEqual(same(stdout), same(blocks("text")[0] ?? ""));
  });
});
