/** `sluice start` as a process: how it ends, and what it says when it cannot begin. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { sluice, temporaryDirectory } from "./command-line.ts";

const PORTS = { ADMIN_PORT: "0", EMBEDDED_BROKER_PORT: "0" };

describe("sluice start", { concurrency: 2 }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`exits with 0 on ${signal}, having taken back what it said of itself`, async () => {
      using directory = temporaryDirectory();
      const gateway = new GatewayProcess({ dataDir: directory.path });
      await gateway.start();
      assert.equal(await gateway.stop(signal), 0);
      assert.ok(!readdirSync(directory.path).includes("gateway.json"));
    });
  }

  it("logs JSON to stdout and to a file of the day, warnings about the settings among it", async () => {
    using directory = temporaryDirectory();
    const logDir = join(directory.path, "logs");
    const gateway = new GatewayProcess({
      dataDir: join(directory.path, "data"),
      env: { LOG_DIR: logDir, LOG_LEVEL: "info", MQTT_KEEPALIV: "1" },
    });
    await gateway.start();
    await gateway.stop();
    const lines = gateway.output.trimEnd().split("\n");
    const messages = lines.map((line) => JSON.parse(line).msg as string);
    assert.ok(messages.includes("MQTT_KEEPALIV is not read: did you mean MQTT_KEEPALIVE?"));
    assert.equal(messages.at(-1), "stopped");
    const [file] = readdirSync(logDir);
    assert.equal(readFileSync(join(logDir, file as string), "utf8").trimEnd(), lines.join("\n"));
  });

  it("exits with 1 when another gateway uses the directory", async () => {
    using directory = temporaryDirectory();
    const gateway = new GatewayProcess({ dataDir: directory.path });
    await gateway.start();
    const { code, stderr } = await sluice(["start"], { env: { DATA_DIR: directory.path, ...PORTS } });
    await gateway.stop();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^sluice: the gateway could not start: another gateway uses .*\n {2}stop the other gateway, or/,
    );
  });

  it("exits with 1 when the directory cannot be made", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "file"), "");
    const { code, stderr } = await sluice(["start", "--data-dir", join(directory.path, "file/data")], { env: PORTS });
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: the gateway could not start: .*\n {2}\S/);
  });

  it("exits with 1 when the log is no event log", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "events.db"), "this is no database, whatever it may be called".repeat(100));
    const { code, stderr } = await sluice(["start"], { env: { DATA_DIR: directory.path, ...PORTS } });
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: the gateway could not start: /);
  });

  it("exits with 2 on bad settings, and makes nothing", async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, "data");
    const { code } = await sluice(["start"], { env: { DATA_DIR: dataDir, ADMIN_PORT: "many" } });
    assert.equal(code, 2);
    assert.deepEqual(readdirSync(directory.path), []);
  });

  describe("with a port that is taken", () => {
    const server = createServer();
    before(async () => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    });
    after(() => server.close());

    it("exits with 1 and says which setting to change", async () => {
      using directory = temporaryDirectory();
      mkdirSync(join(directory.path, "data"));
      const env = {
        DATA_DIR: join(directory.path, "data"),
        ...PORTS,
        ADMIN_PORT: `${(server.address() as AddressInfo).port}`,
      };
      const { code, stderr } = await sluice(["start"], { env });
      assert.equal(code, 1);
      assert.match(stderr, /EADDRINUSE.*\n {2}another program has the port: set ADMIN_PORT/);
    });
  });
});
