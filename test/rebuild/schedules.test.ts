/**
 * Random schedules of messages, damage, settled dead rows, rebuilds, roll-backs and kills: after each rebuild the tables are
 * what a model of the log says, after each roll-back what they were.
 */
import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { uuidv7 } from "@sluice/app";
import type { EventData, NewEvent, RecordedEvent, ReplayInput } from "@sluice/contracts";
import type { ProjectionRebuild } from "@sluice/domain";
import { RebuildFixture } from "./support/rebuild-fixture.ts";

const SEEDS = [1, 2, 3, 4];
const STEPS = 25;
/** The projection refuses the row of an attribute with such a name. */
const LONG = "x".repeat(300);
const flow = { code: "ROOMS", topic: "rooms/+", actions: [{ type: "STORE_DB" as const }] };
const CALLS: readonly (keyof ProjectionRebuild)[] = ["candidate", "mark", "rows", "switchOver", "drop"];

/** Mulberry32: whole numbers below the limit. */
const randomOf = (seed: number) => {
  let state = seed;
  return (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
};

class Schedule {
  readonly #random: (limit: number) => number;
  #fixture = new RebuildFixture();
  /** By the log: `number:attribute=text`, and the attempts of dead rows by their numbers. */
  readonly #rows = new Set<string>();
  readonly #dead = new Map<number, number>();
  #messages = 0;
  /** The tables before the last switch, with the number of messages then. */
  #before: { readonly rows: readonly string[]; readonly messages: number } | null = null;
  /** Since that switch: a roll-back takes back what the switch has done, and nothing else. */
  #isDamaged = false;
  readonly #leave: (() => Promise<void>)[] = [];

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  async run(t: TestContext): Promise<void> {
    t.after(async () => {
      await this.#fixture.stop();
      for (const leave of this.#leave.toReversed()) await leave();
    });
    await this.#fixture.start();
    await this.#fixture.define(flow);
    await this.#ingest();
    const steps = [
      () => this.#ingest(),
      () => this.#damage(),
      () => this.#settle(),
      () => this.#rebuild(),
      () => this.#killed(),
      () => this.#rollBack(),
    ];
    for (let step = 0; step < STEPS; step += 1) await steps[this.#random(steps.length)]?.();
    await this.#rebuild();
    const { rebuild } = await this.#fixture.run({ kind: "rebuild", compareOnly: true });
    assert.deepEqual(rebuild?.comparison.live, rebuild?.comparison.rebuilt);
    assert.equal(rebuild?.comparison.countsDifferent, 0);
    const [counts] = await this.#fixture.projection.counts();
    const { done = 0, dead = 0, discarded = 0 } = counts ?? {};
    assert.equal(done + dead + discarded, this.#messages, "each accepted message is done, dead or discarded");
    const announced = await this.#fixture.store.readAll({ limit: 1_000, filter: { types: ["DeliveryDeadLettered"] } });
    const said = announced.events.map((event) => {
      const { messageNumber, attempts } = event.data as EventData<"DeliveryDeadLettered">;
      return `${messageNumber}/${attempts}`;
    });
    assert.equal(new Set(said).size, said.length, "each dying is announced once");
  }

  async #ingest(): Promise<void> {
    const payloads = Array.from({ length: 1 + this.#random(4) }, () => {
      this.#messages += 1;
      const number = this.#messages;
      this.#rows.add(`${number}:t=${number}`);
      if (this.#random(3) > 0) return `{"t":${number}}`;
      this.#dead.set(number, 1);
      return `{"t":${number},"${LONG}":1}`;
    });
    await this.#fixture.ingest("rooms/a", ...payloads);
    await this.#fixture.projected();
  }

  async #damage(): Promise<void> {
    const number = 1 + this.#random(this.#messages);
    const statements = [
      `DELETE FROM data WHERE last_msg_id = ${number}`,
      `UPDATE data SET attribute_value = 'wrong', value_number = NULL WHERE last_msg_id >= ${number}`,
      `UPDATE data SET received_at = '2020-01-01 00:00:00.000' WHERE last_msg_id = ${number}`,
      "DELETE FROM dead_letters WHERE seq % 2 = 0",
      "DELETE FROM dead_messages",
      `UPDATE sink_counts SET done = done + ${number}`,
    ];
    this.#isDamaged = true;
    this.#fixture.sql(statements[this.#random(statements.length)] as string);
  }

  /** As the API says it in the log, whatever the damaged tables list. */
  async #settle(): Promise<void> {
    const letters = [...this.#dead];
    const [number, attempts] = letters[this.#random(Math.max(letters.length, 1))] ?? [];
    if (number === undefined || attempts === undefined) return;
    const stored = (await this.#fixture.events("ROOMS")).find(
      (event): event is RecordedEvent<"StoredAttribute"> =>
        event.type === "StoredAttribute" && event.data.messageNumber === number && event.data.attribute === LONG,
    );
    assert.ok(stored);
    const { messageId, action, receivedAt } = stored.data;
    const data = { flow: "ROOMS", messageId, messageNumber: number, action, attribute: LONG };
    const what = this.#random(3);
    const edit = { attribute: "short", valueType: "integer" as const, value: 7, receivedAt, replaces: stored.id };
    const event: NewEvent =
      what === 0
        ? { id: uuidv7.next(), type: "DeliveryDiscarded", schemaVersion: 1, data, metadata: {} }
        : {
            ...{ id: uuidv7.next(), type: "DeliveryRetried", schemaVersion: 1, metadata: {} },
            data: what === 1 ? data : { ...data, edit },
          };
    if (what === 1) this.#dead.set(number, attempts + 1);
    else this.#dead.delete(number);
    if (what === 2) this.#rows.add(`${number}:short=7`);
    await this.#fixture.store.append([{ stream: "deliveries-ROOMS-20260310", expected: "any", events: [event] }]);
    await this.#fixture.projected();
  }

  async #rebuild(): Promise<void> {
    const before = await this.#live();
    const inputs = Array.from({ length: 1 + this.#random(2) }, (): ReplayInput => ({ kind: "rebuild" }));
    const ids = await Promise.all(inputs.map((input) => this.#fixture.request(input)));
    for (const id of ids) assert.equal((await this.#fixture.ended(id)).state, "completed");
    this.#before = ids.length > 1 ? await this.#mended() : { rows: before, messages: this.#messages };
    await this.#mended();
  }

  /** Goes no further than one call of a rebuild; another process goes on. */
  async #killed(): Promise<void> {
    const before = await this.#live();
    const first = this.#fixture;
    const call = CALLS[this.#random(CALLS.length)];
    const moment = this.#random(2) === 0 ? "before" : "after";
    const reached = Promise.withResolvers<void>();
    const dead = Promise.withResolvers<never>();
    dead.promise.catch(() => {});
    first[moment] = async (called) => {
      if (called !== call) return;
      reached.resolve();
      await dead.promise;
    };
    const id = await first.request({ kind: "rebuild" });
    await reached.promise;
    const ended = first.end();
    this.#fixture = new RebuildFixture({ dataDir: first.dataDir });
    await this.#fixture.start();
    this.#leave.push(async () => {
      dead.reject(new Error("killed"));
      await ended;
      await first.stop();
    });
    assert.equal((await this.#fixture.ended(id)).state, "completed");
    this.#before = { rows: before, messages: this.#messages };
    await this.#mended();
  }

  async #rollBack(): Promise<void> {
    const before = this.#before;
    if (before === null) return;
    this.#before = null;
    assert.equal((await this.#fixture.run({ kind: "rollback" })).state, "completed");
    if (this.#isDamaged) return;
    const there = (await this.#live()).filter((row) => Number.parseInt(row, 10) <= before.messages);
    const since = there.filter((row) => row.includes(":short=") && !before.rows.includes(row));
    assert.deepEqual(
      there.filter((row) => !since.includes(row)),
      before.rows,
    );
  }

  async #mended() {
    this.#isDamaged = false;
    const rows = await this.#live();
    assert.deepEqual(rows, [...this.#rows].sort());
    const { items } = await this.#fixture.projection.deadLetters({}, { limit: 1_000 });
    const letters = items.map(({ messageNumber, attempts }) => [messageNumber, attempts]);
    assert.deepEqual(
      letters.sort(([a = 0], [b = 0]) => a - b),
      [...this.#dead].sort(([a], [b]) => a - b),
    );
    return { rows, messages: this.#messages };
  }

  async #live(): Promise<readonly string[]> {
    const rows = await this.#fixture.rows();
    return rows.map(({ messageNumber, attribute, text }) => `${messageNumber}:${attribute}=${text}`).sort();
  }
}

for (const seed of SEEDS) {
  it(`schedule ${seed} comes to what the log gives`, (t) => new Schedule(seed).run(t));
}
