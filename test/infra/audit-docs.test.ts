/** Every SQL and request of docs/audit.md on SQLite and PostgreSQL; its `sluice` commands, which know no store, on SQLite. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import mqtt from "mqtt";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";

const ROOT = join(import.meta.dirname, "../..");
const document = readFileSync(join(ROOT, "docs/audit.md"), "utf8");
const SLUICE = `${process.execPath} ${join(ROOT, "packages/app/src/main.ts")}`;

interface Block {
  readonly heading: string;
  readonly language: "sh" | "sql";
  readonly inProjection: boolean;
  readonly body: string;
}

const blocks: readonly Block[] = document.split(/^## /m).flatMap((section) => {
  const heading = section.split("\n", 1)[0] as string;
  return [...section.matchAll(/(<!-- in the projection -->\n)?```(sh|sql)\n(.*?)```/gs)].map(
    ([, marked, language, body]) => ({
      heading,
      language: language as Block["language"],
      inProjection: marked !== undefined,
      body: body as string,
    }),
  );
});

const commandsOf = (block: Block): readonly string[] =>
  block.body
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("export "));

const shell = async (command: string, env: Readonly<Record<string, string>>): Promise<string> => {
  const { PATH = "", HOME = "" } = process.env;
  const line = command.replaceAll("npx -y pnpm@12.21.0 sluice", SLUICE);
  const child = spawn("sh", ["-eu", "-c", line], {
    env: { PATH: `${dirname(process.execPath)}:${PATH}`, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  const [code, stdout, stderr] = await Promise.all([promise, text(child.stdout), text(child.stderr)]);
  assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
  return stdout;
};

interface Stores {
  readonly name: string;
  readonly missing: string | null;
  readonly env: Record<string, string>;
  ask(sql: string, of: { readonly dataDir: string; readonly inProjection: boolean }): Promise<readonly unknown[]>;
  remove(): Promise<void>;
}

const missing = await postgresUnavailable();
const log = await makeSchema();
const rows = await makeSchema();
const url = (schema: string): string => `${postgresUrl}?schema=${schema}`;

const stores: readonly Stores[] = [
  {
    name: "SQLite",
    missing: null,
    env: {},
    ask: async (sql, { dataDir, inProjection }) => {
      const path = join(dataDir, inProjection ? "projection.db" : "events.db");
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return database.prepare(sql).all();
      } finally {
        database.close();
      }
    },
    remove: async () => {},
  },
  {
    name: "PostgreSQL",
    missing,
    env: { EVENT_STORE_URL: url(log.location), PROJECTION_URL: url(rows.location) },
    ask: (sql, { inProjection }) => inPostgres(inProjection ? rows.location : log.location, sql),
    remove: async () => {
      await log.remove();
      await rows.remove();
    },
  },
];

/** Something of everything that is asked for. */
const fill = async (gateway: GatewayProcess): Promise<string> => {
  const receiver = await startReceiver();
  const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
  try {
    await gateway.define({
      code: "AHT10_SENSOR",
      topic: "sensors/{site}/aht10",
      payloadSchema: { temperature: "float" },
      thresholds: [{ attribute: "temperature", max: 60, onBreach: "flag" }],
      actions: [{ type: "STORE_DB" }],
    });
    await gateway.define({
      code: "AHT10_ENDPOINT",
      topic: "sensors/+/aht10",
      actions: [{ type: "POST_ENDPOINT", url: receiver.url, maxAttempts: 1 }],
    });
    await eventually(
      async () => (await gateway.api("/health")).body.statistics.active_subscriptions >= 1,
      "subscriptions",
    );
    const publish = async (payload: string) => {
      await device.publishAsync("sensors/hall/aht10", payload, { qos: 1 });
      await gateway.caughtUp();
    };
    await publish('{"temperature":21.5}');
    receiver.mode = 503;
    await publish('{"temperature":99}');
    await publish('{"temperature":"hot"}');
    receiver.mode = 204;
    const [letter] = await eventually(async () => {
      const letters = await gateway.all("/api/v1/dead-letters");
      return letters.length === 2 && letters;
    }, "dead letters");
    const address = `/api/v1/dead-letters/${encodeURIComponent(letter.id)}`;
    await gateway.api(`${address}/retry`, { body: { edit: { payload: '{"temperature":9.9}' } } });
    await gateway.api("/api/v1/dead-letters/retry", { body: { filter: {} } });
    await gateway.caughtUp();
    const definition = (await gateway.api("/api/v1/flows/AHT10_SENSOR")).body;
    const changed = { ...definition, description: "in the hall" };
    assert.equal((await gateway.api("/api/v1/flows/AHT10_SENSOR", { method: "PUT", body: changed })).status, 200);
    const messages = await gateway.all("/api/v1/events?flow=AHT10_SENSOR&type=MessageReceived");
    return messages[0].data.messageId;
  } finally {
    await device.endAsync(true);
    await receiver.stop();
  }
};

describe("docs/audit.md", () => {
  it("asks at least ten questions in each way", () => {
    const headings = new Set(blocks.map(({ heading }) => heading));
    const withSql = new Set(blocks.filter(({ language }) => language === "sql").map(({ heading }) => heading));
    assert.ok(withSql.size >= 10, `${withSql.size} with SQL`);
    assert.ok(headings.size >= 12);
  });

  for (const { name, missing: reason, env, ask, remove } of stores) {
    it(`is right on ${name}`, { skip: reason ?? false }, async (t) => {
      const gateway = new GatewayProcess({ env: { ...env, ADMIN_TOKEN: "the-token-of-this-test" } });
      t.after(async () => {
        await gateway.dispose();
        await remove();
      });
      await gateway.start();
      const message = await fill(gateway);
      const [last] = (await gateway.api("/api/v1/events?flow=AHT10_SENSOR&type=FlowDefined")).body.items;
      const [row] = await gateway.all(`/api/v1/data?messageId=${message}`);
      const values = { MESSAGE: message, POSITION: last.position, ROW: row.id, EVENT: row.eventId };
      const surroundings = {
        ...values,
        URL: gateway.adminUrl,
        TOKEN: "the-token-of-this-test",
        ADMIN_TOKEN: "the-token-of-this-test",
        DATA_DIR: gateway.dataDir,
      };
      const check = async (block: Block): Promise<void> => {
        const where = `${block.heading}: ${block.body}`;
        if (block.language === "sql") {
          const sql = block.body.replaceAll(
            /\$(MESSAGE|POSITION|ROW|EVENT)\b/g,
            (_, of: keyof typeof values) => values[of],
          );
          const found = await ask(sql, { dataDir: gateway.dataDir, inProjection: block.inProjection });
          assert.ok(found.length > 0, where);
        } else {
          for (const command of commandsOf(block)) {
            if (name !== "SQLite" && command.includes(" sluice ")) continue;
            const output = await shell(command, surroundings);
            assert.doesNotMatch(output, /"items":\[\]/, where);
            assert.notEqual(output.trim(), "", where);
          }
        }
      };
      // Some at once: most of the time is that of processes that start.
      const left = [...blocks];
      const worker = async (): Promise<void> => {
        for (let block = left.shift(); block !== undefined; block = left.shift()) await check(block);
      };
      await Promise.all(Array.from({ length: 3 }, worker));
    });
  }
});
