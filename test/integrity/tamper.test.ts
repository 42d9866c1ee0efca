/** Every way of changing a stored log is found, and the event is named. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, afterEach, before, describe, it } from "node:test";
import type { Problem } from "../../packages/app/src/integrity/verify/problem.ts";
import { sluice } from "../cli/command-line.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { sealed } from "./support.ts";
import { postgresLog, type SealedLog, sqliteLog } from "./tampering.ts";

/** What differs between the two databases. Each statement is about the record whose first event has that position. */
interface Dialect {
  readonly open: () => Promise<SealedLog>;
  /** Value of the attribute `status`. */
  readonly alterAttribute: (position: number) => string;
  readonly alterPayload: (position: number) => string;
  /** Makes the record one event longer, which then overlaps the next one. */
  readonly lengthen: (position: number) => string;
  readonly garble: (position: number) => string;
  readonly columns: string;
}

const dialects: Readonly<Record<string, Dialect>> = {
  SQLite: {
    open: sqliteLog,
    alterAttribute: (position) =>
      `UPDATE records SET events = replace(events, '"value":"number', '"value":"Number') WHERE position = ${position};`,
    alterPayload: (position) =>
      `UPDATE records SET events = replace(events, '\\"number', '\\"Number') WHERE position = ${position};`,
    lengthen: (position) =>
      `UPDATE records SET count = count + 1, events = json_insert(events, '$[#]', json_set(events -> '$[#-1]', '$[0]',
         '0199ffff-0000-7000-8000-000000000001')) WHERE position = ${position};`,
    garble: (position) => `UPDATE records SET events = substr(events, 1, 40) WHERE position = ${position};`,
    columns: "id, stream_id, version, type, count, message_id, recorded_at, events",
  },
  PostgreSQL: {
    open: postgresLog,
    alterAttribute: (position) =>
      `UPDATE records SET attributes = replace(attributes, '"number ', '"Number ') WHERE position = ${position};`,
    alterPayload: (position) =>
      `UPDATE records SET data = replace(data, '\\"number', '\\"Number') WHERE position = ${position};`,
    lengthen: (position) =>
      `UPDATE records SET count = count + 1, attributes = left(attributes, -1)
         || ',["0199ffff-0000-7000-8000-000000000001",1,"store","status","string","x"]]' WHERE position = ${position};`,
    garble: (position) => `UPDATE records SET data = left(data, 40) WHERE position = ${position};`,
    columns: "id, stream_id, version, type, count, message_id, recorded_at, schema_version, metadata, data, attributes",
  },
};

const noPostgres = await postgresUnavailable();

for (const [name, dialect] of Object.entries(dialects)) {
  describe(`tampering with ${name}`, { skip: name === "PostgreSQL" && (noPostgres ?? false) }, () => {
    let log: SealedLog;
    /** Positions of two neighbouring messages' records, in the middle of a tile, and the one that ends the second tile. */
    let [first, second, last] = [0, 0, 0];
    let dirty = false;

    before(async () => {
      log = await dialect.open();
      const record = async (condition: string) =>
        Number(await log.ask(`SELECT position FROM records WHERE ${condition}`));
      first = await record("position >= 700 AND count > 1 ORDER BY position LIMIT 1");
      second = await record(`position > ${first} AND count > 1 ORDER BY position LIMIT 1`);
      last = await record("position <= 512 ORDER BY position DESC LIMIT 1");
    });
    after(() => log?.[Symbol.asyncDispose]());
    afterEach(async () => {
      if (dirty) await log.restore();
      dirty = false;
    });

    const attack = async (sql: string): Promise<void> => {
      dirty = true;
      await log.attack(sql);
    };
    /** What verify says, without its words. */
    const found = async (): Promise<Omit<Problem, "message">> => {
      const { ok, problem } = await log.verify();
      assert.ok(problem !== null, "nothing was found");
      assert.equal(ok, false);
      const { message, ...rest } = problem;
      assert.notEqual(message, "");
      return rest;
    };
    const idAt = (position: number) => log.ask(`SELECT id FROM event_log WHERE position = ${position}`);
    const streamAt = (position: number) => log.ask(`SELECT stream FROM event_log WHERE position = ${position}`);
    const versionAt = async (position: number) =>
      Number(await log.ask(`SELECT version FROM event_log WHERE position = ${position}`));
    /** The event that stood at that position. */
    const event = async (position: number) => ({
      leaf: position - 1,
      position: `${position}`,
      stream: await streamAt(position),
      version: await versionAt(position),
      id: await idAt(position),
      foundId: null,
    });
    const count = (position: number) => log.ask(`SELECT count FROM records WHERE position = ${position}`).then(Number);

    it("nothing is found where nothing was done", async () => {
      const report = await log.verify({ checkpoints: [log.checkpoint] });
      assert.deepEqual(report.problem, null);
      assert.ok(report.ok);
      assert.equal(report.verified + report.unsealed, log.size);
      assert.ok(report.checkpoints.every(({ fault }) => fault === null));
      assert.ok(report.checkpoints.some(({ source, size }) => source === "given 0" && size > 1_000));
    });

    it("an altered payload", async () => {
      const expected = { kind: "altered", ...(await event(first)) };
      await attack(dialect.alterPayload(first));
      assert.deepEqual(await found(), expected);
    });

    it("an altered attribute", async () => {
      const status = Number(
        await log.ask(`SELECT position FROM event_log WHERE record_position = ${first}
          AND data ->> 'attribute' = 'status' ORDER BY position LIMIT 1`),
      );
      const expected = { kind: "altered", ...(await event(status)) };
      await attack(dialect.alterAttribute(first));
      assert.deepEqual(await found(), expected);
    });

    it("an altered time", async () => {
      const expected = { kind: "altered", ...(await event(first)) };
      await attack(`UPDATE records SET recorded_at = recorded_at + 1 WHERE position = ${first};`);
      assert.deepEqual(await found(), expected);
    });

    it("events that were moved to another stream", async () => {
      const stream = await streamAt(first);
      await attack(`UPDATE streams SET name = 'traffic-OTHER-20260101' WHERE name = '${stream}';`);
      const { kind, stream: actual } = await found();
      assert.deepEqual([kind, actual], ["altered", "traffic-OTHER-20260101"]);
    });

    it("the first of several, wherever they are", async () => {
      const expected = { kind: "altered", ...(await event(first)) };
      await attack(dialect.alterPayload(first) + dialect.alterPayload(second) + dialect.garble(second + 200));
      assert.deepEqual(await found(), expected);
    });

    it("a deleted record, with what the versions say of it", async () => {
      const expected = { kind: "missing", ...(await event(first)) };
      await attack(`DELETE FROM records WHERE position = ${first};`);
      assert.deepEqual(await found(), expected);
    });

    it("a deleted record, though the positions after it were closed up", async () => {
      const expected = { kind: "missing", ...(await event(first)) };
      const length = await count(first);
      await attack(
        `DELETE FROM records WHERE position = ${first};
         UPDATE records SET position = -position WHERE position > ${first};
         UPDATE records SET position = -position - ${length} WHERE position < 0;`,
      );
      assert.deepEqual(await found(), expected);
    });

    it("an inserted record", async () => {
      const [length, stream] = [await count(first), await streamAt(first)];
      const copy = dialect.columns
        .replace("version", "version + 100000")
        .replace(/^id/, "'0199ffff-0000-7000-8000-000000000001'")
        .replace(" events", ` replace(events, '["${await idAt(first)}"', '["0199ffff-0000-7000-8000-000000000001"')`);
      await attack(
        `UPDATE records SET position = -position WHERE position > ${first};
         UPDATE records SET position = -position + ${length} WHERE position < 0;
         INSERT INTO records (position, ${dialect.columns}) SELECT ${first + length}, ${copy} FROM records WHERE position = ${first};`,
      );
      const { kind, leaf, stream: actual, id } = await found();
      assert.deepEqual(
        [kind, leaf, actual, id],
        ["inserted", first + length - 1, stream, "0199ffff-0000-7000-8000-000000000001"],
      );
    });

    it("an event that was added to a record", async () => {
      await attack(dialect.lengthen(first));
      const { kind, id } = await found();
      assert.deepEqual([kind, id], ["inserted", "0199ffff-0000-7000-8000-000000000001"]);
    });

    it("an event that was added to the record that ends a tile", async () => {
      await attack(dialect.lengthen(last));
      const { kind, id } = await found();
      assert.deepEqual([kind, id], ["inserted", "0199ffff-0000-7000-8000-000000000001"]);
    });

    it("two records that changed places", async () => {
      const [one, other] = [await event(first), await event(second)];
      await attack(
        `UPDATE records SET position = -1 WHERE position = ${first};
         UPDATE records SET position = ${first} WHERE position = ${second};
         UPDATE records SET position = ${second} WHERE position = -1;`,
      );
      assert.deepEqual(await found(), {
        ...other,
        kind: "moved",
        leaf: one.leaf,
        position: one.position,
        id: one.id,
        foundId: other.id,
      });
    });

    it("a record that cannot be read any more", async () => {
      const expected = { ...(await event(first)), kind: "unreadable", stream: null, version: null };
      await attack(dialect.garble(first));
      assert.deepEqual(await found(), expected);
    });

    it("a tail that was cut off", async () => {
      const { leaf, position, id } = await event(first);
      await attack(`DELETE FROM records WHERE position >= ${first};`);
      assert.deepEqual(await found(), {
        kind: "missing",
        leaf,
        position,
        stream: null,
        version: null,
        id,
        foundId: null,
      });
    });

    it("a tail that was cut off together with the seals, by a checkpoint", async () => {
      await attack(`DELETE FROM records WHERE position >= ${first};`);
      rmSync(join(log.dataDir, "seals.db"));
      const report = await log.verify({ checkpoints: [log.checkpoint] });
      assert.equal(report.ok, false);
      assert.match(report.checkpoints[0]?.fault ?? "", /its end was cut off/);
    });

    it("events that were altered and sealed anew, by a checkpoint", async () => {
      await attack(dialect.alterPayload(first));
      rmSync(join(log.dataDir, "seals.db"));
      const gateway = new GatewayProcess({ dataDir: log.dataDir, env: log.env });
      await gateway.start();
      await sealed(gateway);
      await gateway.stop();
      const alone = await log.verify();
      assert.deepEqual([alone.ok, alone.problem], [true, null], "the seals themselves know nothing of it");
      const report = await log.verify({ checkpoints: [log.checkpoint] });
      assert.equal(report.ok, false);
      const given = report.checkpoints.find(({ source }) => source === "given 0");
      assert.match(given?.fault ?? "", /are not those that it covers/);
    });

    it("a checkpoint that someone else made", async () => {
      const report = await log.verify({ checkpoints: [log.checkpoint.replace(/position \d+/, "position 1")] });
      assert.equal(report.ok, false);
      assert.equal(report.checkpoints.find(({ source }) => source === "given 0")?.fault, "its signature is not valid");
    });

    it("seals that were altered", async () => {
      dirty = true;
      const seals = new DatabaseSync(join(log.dataDir, "seals.db"));
      seals.exec("UPDATE tiles SET leaves = zeroblob(length(leaves)) WHERE number = 2");
      seals.close();
      const { kind, leaf } = await found();
      assert.deepEqual([kind, leaf], ["seals", 512]);
    });

    it("in a range only what is in it", async () => {
      await attack(dialect.alterPayload(first));
      const before = await log.verify({ to: "400" });
      assert.deepEqual([before.problem, before.verified], [null, 512]);
      const with_ = await log.verify({ from: `${first}`, to: `${first}` });
      assert.equal(with_.problem?.position, `${first}`);
      assert.ok(with_.verified <= 256);
      await assert.rejects(() => log.verify({ from: "x" }), RangeError);
      await assert.rejects(() => log.verify({ from: "900", to: "1" }), RangeError);
    });

    it("the command says it, and exits with 1", async () => {
      const env = { ...log.env, DATA_DIR: log.dataDir };
      const good = await sluice(["verify"], { env });
      assert.equal(good.code, 0, good.stderr + good.stdout);
      assert.match(good.stdout, /^OK {4}1,20\d events in /);
      const id = await idAt(first);
      await attack(dialect.alterPayload(first));
      const bad = await sluice(["verify"], { env });
      assert.equal(bad.code, 1);
      assert.match(bad.stdout, /^FAIL {2}the event is not as it was sealed\n/);
      assert.match(bad.stdout, new RegExp(`position +${first}\n[^]*id +${id}\n`));
      const json = await sluice(["verify", "--json"], { env });
      assert.equal(json.code, 1);
      assert.equal(JSON.parse(json.stdout).problem.id, id);
    });

    it("is not sealed over: the gateway goes on without sealing, and says so", async () => {
      await attack(`DELETE FROM records WHERE position >= ${first};`);
      const gateway = new GatewayProcess({ dataDir: log.dataDir, env: { ...log.env, LOG_LEVEL: "fatal" } });
      try {
        // The projection knows of the events that are gone, too; a gateway refuses to start with it.
        rmSync(join(log.dataDir, "projection.db"));
        rmSync(join(log.dataDir, "deliveries.db"));
        rmSync(join(log.dataDir, "snapshots.db"));
        await gateway.start();
        const says = await eventually(async () => {
          const { body } = await gateway.api("/health");
          const { lastError } = body.sinks.find(({ name }: { name: string }) => name === "sealer") ?? {};
          // A busy machine may take its time.
          return lastError && !/does not answer/.test(lastError) ? (lastError as string) : undefined;
        }, "the sealer says what is wrong");
        assert.match(says, /not those that were sealed/);
      } finally {
        await gateway.kill();
      }
      const { ok, problem } = await log.verify();
      assert.equal(ok, false);
      assert.equal(problem?.leaf, first - 1);
    });
  });
}
