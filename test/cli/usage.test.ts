/** How commands are called: help, mistakes, exit codes. No gateway runs here. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { allCommands, buildProgram, commandLineMarkdown } from "@sluice/app/cli";
import { sluice, temporaryDirectory } from "./command-line.ts";

describe("command line: help", () => {
  it("comes for every command, with an example", () => {
    const commands = allCommands(buildProgram()).filter(({ command }) => command.commands.length === 0);
    assert.ok(commands.length >= 13);
    for (const { name, command } of commands) {
      let stdout = "";
      command.configureOutput({ writeOut: (text) => (stdout += text) }).outputHelp();
      assert.match(stdout, new RegExp(`^Usage: sluice ${name}`), name);
      assert.match(stdout, new RegExp(`Examples:\n {2}\\$ sluice ${name}`), name);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 120, line);
    }
  });

  it("is asked for with --help", async () => {
    const { code, stdout } = await sluice(["flows", "apply", "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: sluice flows apply/);
  });

  it("has --json on every command that answers", () => {
    for (const { name, command } of allCommands(buildProgram())) {
      if (command.commands.length > 0 || name === "start" || name === "demo") continue;
      assert.ok(
        command.options.some(({ long }) => long === "--json"),
        name,
      );
    }
  });

  it("is what docs/cli.md says", () => {
    assert.equal(
      readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8"),
      commandLineMarkdown(),
      "docs/cli.md is out of date: run `node packages/app/src/cli/write-docs.ts`",
    );
  });
});

describe("command line: mistakes", { concurrency: 4 }, () => {
  const table: readonly [string, readonly string[], number, RegExp][] = [
    ["no command", [], 2, /^Usage: sluice/],
    ["an unknown command", ["strat"], 2, /unknown command 'strat'\n\(Did you mean start\?\)/],
    ["an unknown option", ["flows", "list", "--jsn"], 2, /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ["a missing argument", ["flows", "show"], 2, /missing required argument 'code'/],
    ["a bad choice", ["publish", "a", "b", "--qos", "3"], 2, /Allowed choices are 0, 1, 2/],
    ["a bad limit", ["events", "--limit", "-1"], 2, /It wants a whole number from 1, or all/],
    ["a bad address", ["flows", "list", "--url", "localhost:1"], 2, /--url: got "localhost:1"; it wants an address/],
    ["a wildcard to publish to", ["publish", "a/#", "b"], 2, /"a\/#" is no topic to publish to/],
    ["no payload", ["publish", "a"], 2, /a payload is wanted, once/],
    [
      "a payload file that is not there",
      ["publish", "--mqtt-url", "mqtt://127.0.0.1:1", "a", "@no"],
      1,
      /^sluice: no cannot/,
    ],
    ["no broker", ["publish", "--direct", "a", "b"], 1, /^sluice: there is no broker: MQTT_URL is not set/],
    [
      "no gateway to publish",
      ["publish", "--url", "http://127.0.0.1:4", "a", "b"],
      1,
      /does not answer: nothing listens/,
    ],
    ["a bad priority", ["publish", "--priority", "11", "a", "b"], 2, /It wants 1 to 10/],
    [
      "a broker that is not there",
      ["publish", "--mqtt-url", "mqtt://127.0.0.1:1", "a", "b"],
      1,
      /nothing listens there/,
    ],
    [
      "a gateway that is not there",
      ["flows", "list", "--url", "http://127.0.0.1:4"],
      1,
      /does not answer: nothing listens/,
    ],
    ["definitions that are not there", ["flows", "apply", "none.yaml"], 1, /^sluice: none\.yaml cannot be read/],
  ];
  for (const [name, args, code, message] of table) {
    it(name, async () => {
      using directory = temporaryDirectory();
      const ran = await sluice(args, { cwd: directory.path });
      assert.match(ran.stderr, message);
      assert.equal(ran.code, code);
      assert.equal(ran.stdout, "");
    });
  }

  it("reports all errors of the settings before it does anything", async () => {
    const env = { ADMIN_PORT: "x", MQTT_KEEPALIVE: "-1", ADMIN_TOKEN: "secret-but-short".slice(0, 15) };
    for (const command of [["start"], ["flows", "list"], ["config"]]) {
      const { code, stderr } = await sluice(command, { env });
      assert.equal(code, 2);
      assert.match(stderr, /^sluice: the configuration has 3 errors\n( {2}- [A-Z_]+: got .*; it wants .*\n){3}/);
      assert.doesNotMatch(stderr, /secret/);
    }
  });

  it("prints every error line of a problem", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(422, { "content-type": "application/problem+json" });
      const errors = [
        { pointer: "/topic", keyword: "topic", message: "bad \u001b[31m" },
        { pointer: "", keyword: "x", message: "all bad" },
      ];
      response.end(JSON.stringify({ type: "x", code: "bad-definition", title: "It has errors", status: 422, errors }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { code, stderr } = await sluice(["flows", "list", "--url", url]);
    server.close();
    assert.equal(code, 1);
    assert.equal(stderr, "sluice: It has errors\n  - /topic: bad \\u001b[31m\n  - all bad\n");
  });
});

describe("sluice config", () => {
  it("shows effective values and sources, and no secrets", async () => {
    const env = { ADMIN_TOKEN: "correct horse battery", MQTT_URL: "mqtt://me:swordfish@broker", MQTT_USRNAME: "x" };
    const human = await sluice(["config", "--admin-port", "9999"], { env });
    assert.equal(human.code, 0);
    assert.match(human.stdout, /^ADMIN_PORT +9999 +flag$/m);
    assert.match(human.stdout, /^ADMIN_TOKEN +\*\*\* +environment$/m);
    assert.match(human.stdout, /^MQTT_URL +mqtt:\/\/me:\*\*\*@broker +environment$/m);
    assert.match(human.stdout, /^LOG_DIR +\(not set\) +default$/m);
    assert.match(human.stderr, /^warning: MQTT_USRNAME is not read: did you mean MQTT_USERNAME\?$/m);
    const machine = await sluice(["config", "--json"], { env });
    assert.doesNotMatch(machine.stdout + human.stdout, /horse|swordfish/);
    const { valid, settings } = JSON.parse(machine.stdout);
    assert.equal(valid, true);
    assert.deepEqual(
      settings.find(({ field }: { field: string }) => field === "adminPort"),
      { field: "adminPort", variable: "ADMIN_PORT", value: 8080, source: "default" },
    );
  });

  it("says in JSON too what is wrong", async () => {
    const { code, stdout } = await sluice(["config", "--json"], { env: { ADMIN_PORT: "x" } });
    assert.equal(code, 2);
    assert.deepEqual(JSON.parse(stdout), {
      valid: false,
      errors: ['ADMIN_PORT: got "x"; it wants a whole number from 0 to 65535'],
    });
  });
});
