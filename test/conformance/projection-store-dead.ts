/** Conformance: rows that die, are retried and discarded, and what that does to the counts of messages. */
import assert from "node:assert/strict";
import type { DataRow, ProjectionBatch } from "@sluice/domain";
import {
  countsOf,
  doneOf,
  FLOW,
  feed,
  instant,
  itemOf,
  letter,
  nextUuid,
  type ProjectionStoreDefinition,
  readData,
  readDead,
  row,
  rowId,
  withoutId,
} from "./projection-store-support.ts";

const REFUSED = "refused";
const tooLong = "x".repeat(256);
const command = (kind: "retry" | "discard", ...rows: readonly DataRow[]): Pick<ProjectionBatch, "rowCommands"> => ({
  rowCommands: rows.map((one) => ({ id: rowId(one), command: kind })),
});

/** Rows of one message. */
const message = (...attributes: readonly string[]): DataRow[] => {
  const messageId = nextUuid();
  return attributes.map((attribute) => row({ messageId, attribute }));
};

/** Small, fast and the same in every run (mulberry32). */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

export const deadDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "makes a dead letter of a row with too long a name, and stores the rest",
    async run(context) {
      context.time = Date.parse(instant(5_000));
      const store = await context.open();
      const rows = [row(), row({ attribute: tooLong, messageNumber: 7 }), row()];
      const { dead } = await feed(store)({ rows });
      const [, bad] = rows as [DataRow, DataRow, DataRow];
      assert.deepEqual(
        dead.map(({ reason, ...rest }) => rest),
        [
          {
            id: rowId(bad),
            kind: "row",
            flow: bad.flow,
            action: bad.action,
            messageId: bad.messageId,
            messageNumber: 7,
            attribute: tooLong,
            attempts: 1,
            deadAt: instant(5_000),
            eventId: bad.eventId,
          },
        ],
      );
      assert.ok(dead[0]?.reason);
      assert.deepEqual(await readDead(store), dead);
      assert.equal((await readData(store)).length, 2);
      assert.deepEqual(await countsOf(store), [2, 1, 0]);
    },
  },
  {
    name: "measures a name in characters, not in bytes or code units",
    async run({ open }) {
      const store = await open();
      const { dead } = await feed(store)({
        rows: [row({ attribute: "🌡".repeat(255) }), row({ attribute: "é".repeat(256) })],
      });
      assert.deepEqual(
        dead.map(({ attribute }) => attribute),
        ["é".repeat(256)],
      );
      assert.deepEqual(
        (await readData(store)).map(({ attribute }) => attribute),
        ["🌡".repeat(255)],
      );
    },
  },
  {
    name: "finds the rows that the database refuses among many, wherever they are",
    async run({ adapter, location, open }) {
      const store = await open();
      await adapter.refuse(location, REFUSED);
      for (const bad of [[0], [499], [0, 1, 2, 250, 498, 499], Array.from({ length: 500 }, (_, index) => index)]) {
        await store.reset("projection");
        const rows = Array.from({ length: 500 }, (_, index) =>
          row({ attribute: bad.includes(index) ? REFUSED : "good", receivedAt: instant(index) }),
        );
        const { dead } = await feed(store)({ rows });
        const ids = bad.map((index) => rowId(rows[index] as DataRow));
        assert.deepEqual(new Set(dead.map(({ id }) => id)), new Set(ids));
        assert.equal(dead.length, bad.length);
        assert.deepEqual(
          (await readData(store)).map(withoutId),
          rows.filter((one) => one.attribute === "good").map(itemOf),
        );
        assert.deepEqual(await countsOf(store), [500 - bad.length, bad.length, 0]);
      }
    },
  },
  {
    name: "counts a message dead once, however many of its rows die",
    async run({ open }) {
      const store = await open();
      const rows = [
        ...message("a", tooLong, `${tooLong}2`, `${tooLong}3`),
        ...message(tooLong),
        ...message("a", "b"),
        row({ flow: "FLOW_B", attribute: tooLong }),
      ];
      const { dead } = await feed(store)({ rows });
      assert.equal(dead.length, 5);
      assert.deepEqual(await countsOf(store), [1, 2, 0]);
      assert.deepEqual(await countsOf(store, "FLOW_B"), [0, 1, 0]);
    },
  },
  {
    name: "counts a message once when its rows come in a later batch, or in several",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const rows = message("a", tooLong, "b", `${tooLong}2`);
      await apply({ done: doneOf(rows) });
      assert.deepEqual(await countsOf(store), [1, 0, 0]);
      await apply({ rows: rows.slice(0, 2), done: [] });
      assert.deepEqual(await countsOf(store), [0, 1, 0]);
      await apply({ rows: rows.slice(2), done: [] });
      assert.deepEqual(await countsOf(store), [0, 1, 0]);
      assert.equal((await readDead(store)).length, 2);
    },
  },
  {
    name: "stores a dead row whole when it is retried and taken, and its message is done",
    async run({ adapter, location, open }) {
      const store = await open();
      const apply = feed(store);
      await adapter.refuse(location, REFUSED);
      const bad = row({
        attribute: REFUSED,
        valueType: "object",
        text: '{"a":1.50,"b":"Grüße 🌡️"}',
        number: null,
        messageNumber: 12,
        receivedAt: instant(3),
        deviceTime: instant(1),
      });
      await apply({ rows: [bad] });
      await adapter.refuse(location, null);
      assert.deepEqual(await apply(command("retry", bad)), { dead: [] });
      assert.deepEqual((await readData(store)).map(withoutId), [itemOf(bad)]);
      assert.deepEqual(await readDead(store), []);
      assert.deepEqual(await countsOf(store), [1, 0, 0]);
    },
  },
  {
    name: "keeps a row dead that is retried in vain, in its place, with one attempt more",
    async run(context) {
      context.time = Date.parse(instant(1_000));
      const store = await context.open();
      const apply = feed(store);
      const rows = [row({ attribute: tooLong }), row({ attribute: tooLong })];
      const [first] = rows as [DataRow, DataRow];
      await apply({ rows });
      const before = await readDead(store);
      context.time += 500;
      const { dead } = await apply(command("retry", first));
      assert.deepEqual(dead, [{ ...before[0], attempts: 2, deadAt: instant(1_500) }]);
      assert.deepEqual(await readDead(store), [dead[0], before[1]]);
      assert.equal((await apply(command("retry", first))).dead[0]?.attempts, 3);
      assert.deepEqual(await countsOf(store), [0, 2, 0]);
      assert.deepEqual(await readData(store), []);
    },
  },
  {
    name: "has a message dead until the last of its dead rows is stored",
    async run({ adapter, location, open }) {
      const store = await open();
      const apply = feed(store);
      await adapter.refuse(location, REFUSED);
      const rows = [...message(REFUSED, tooLong, "good"), ...message(REFUSED)];
      const [refused, long, , other] = rows as [DataRow, DataRow, DataRow, DataRow];
      await apply({ rows });
      assert.deepEqual(await countsOf(store), [0, 2, 0]);
      await adapter.refuse(location, null);
      await apply(command("retry", refused, long));
      assert.deepEqual(await countsOf(store), [0, 2, 0], "one row of the first is dead still");
      await apply(command("retry", other));
      assert.deepEqual(await countsOf(store), [1, 1, 0]);
      assert.equal((await readData(store)).length, 3);
    },
  },
  {
    name: "takes a discarded row away, and its message is discarded",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const rows = [...message("good", tooLong), ...message("good")];
      await apply({ rows });
      assert.deepEqual(await apply(command("discard", rows[1] as DataRow)), { dead: [] });
      assert.deepEqual(await readDead(store), []);
      assert.deepEqual(await countsOf(store), [1, 0, 1]);
      assert.equal((await readData(store)).length, 2);
    },
  },
  {
    name: "has a message discarded if one row was discarded, whatever became of the others",
    async run({ adapter, location, open }) {
      const store = await open();
      const apply = feed(store);
      await adapter.refuse(location, REFUSED);
      for (const order of ["discard first", "retry first"]) {
        await store.reset("projection");
        const restart = feed(store);
        const rows = message(REFUSED, tooLong);
        const [refused, long] = rows as [DataRow, DataRow];
        await restart({ rows });
        if (order === "discard first") await restart(command("discard", long));
        if (order === "discard first") assert.deepEqual(await countsOf(store), [0, 1, 0], "a row is dead still");
        await adapter.refuse(location, null);
        await restart(command("retry", refused));
        if (order === "retry first") await restart(command("discard", long));
        assert.deepEqual(await countsOf(store), [0, 0, 1], order);
        await adapter.refuse(location, REFUSED);
      }
      await assert.rejects(apply({}), "the batches above have moved the cursor");
    },
  },
  {
    name: "changes nothing by a command for a row that is not dead",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const good = row();
      const bad = row({ attribute: tooLong });
      const delivery = letter();
      await apply({ rows: [good, bad], deadLetters: [{ kind: "add", letter: delivery }] });
      for (const kind of ["retry", "discard"] as const) {
        const others = ["no such id", delivery.id].map((id) => ({ id, command: kind }));
        await apply({ rowCommands: [...command(kind, good).rowCommands, ...others] });
      }
      assert.deepEqual(await countsOf(store), [1, 1, 0]);
      await apply({ rowCommands: [...command("discard", bad, bad).rowCommands, ...command("retry", bad).rowCommands] });
      assert.deepEqual(await countsOf(store), [1, 0, 1]);
      assert.equal((await readData(store)).length, 1);
      assert.deepEqual(await readDead(store), [delivery]);
    },
  },
  {
    name: "keeps done + dead + discarded equal to the messages seen, and each message once, through any history",
    async run({ adapter, location, open }) {
      const store = await open();
      const apply = feed(store);
      const random = randomFrom(20_260_101);
      const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
      const dead = new Map<string, DataRow>();
      const discarded = new Map<string, number>();
      const messages = new Map<string, number>();
      let refusing = false;
      for (let step = 0; step < 60; step++) {
        refusing = random() < 0.5;
        await adapter.refuse(location, refusing ? REFUSED : null);
        const rows = Array.from({ length: Math.floor(random() * 4) }, () =>
          message(...["good", REFUSED, tooLong].filter(() => random() < 0.6)),
        ).flat();
        const targets = [pick([...dead.keys()]), pick([...dead.keys()])].filter((id) => id !== undefined);
        const rowCommands = targets.map((id) => ({
          id,
          command: random() < 0.6 ? ("retry" as const) : ("discard" as const),
        }));
        await apply({ rows, rowCommands });

        const refused = ({ attribute }: DataRow) => attribute === tooLong || (refusing && attribute === REFUSED);
        for (const one of rows) {
          messages.set(one.messageId, 1);
          if (refused(one)) dead.set(rowId(one), one);
        }
        for (const { id, command: kind } of rowCommands) {
          const target = dead.get(id);
          if (!target || (kind === "retry" && refused(target))) continue;
          dead.delete(id);
          if (kind === "discard") discarded.set(target.messageId, 1);
        }
        const deadMessages = new Set([...dead.values()].map((one) => one.messageId));
        const discardedMessages = [...discarded.keys()].filter((id) => !deadMessages.has(id));
        const expected = [
          messages.size - deadMessages.size - discardedMessages.length,
          deadMessages.size,
          discardedMessages.length,
        ];
        assert.deepEqual(await countsOf(store), expected, `step ${step}`);
        assert.deepEqual(new Set((await readDead(store)).map(({ id }) => id)), new Set(dead.keys()), `step ${step}`);
      }
      assert.ok(messages.size > 30 && discarded.size > 5 && dead.size > 5, "the history had something of everything");
    },
  },
  {
    name: "lists the dead letters of deliveries until they are settled, and counts none of them",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const letters = [letter(), letter({ flow: "FLOW_B" }), letter()];
      const [first, second, third] = letters as [(typeof letters)[0], (typeof letters)[0], (typeof letters)[0]];
      await apply({ deadLetters: letters.map((one) => ({ kind: "add", letter: one })) });
      assert.deepEqual(await readDead(store), letters);

      const again = { ...first, reason: "answered 500", attempts: 9, deadAt: instant(9), eventId: nextUuid() };
      await apply({
        deadLetters: [
          { kind: "settle", letter: second },
          { kind: "settle", letter: letter() },
          { kind: "add", letter: again },
        ],
      });
      assert.deepEqual(await readDead(store), [again, third]);
      await apply({
        deadLetters: [
          { kind: "settle", letter: third },
          { kind: "add", letter: third },
          { kind: "settle", letter: again },
        ],
      });
      assert.deepEqual(await readDead(store), [third], "in the order given");
      assert.deepEqual(await store.counts(), []);
    },
  },
  {
    name: "ignores what the log says of dead rows: it has its own",
    async run({ open }) {
      const store = await open();
      const apply = feed(store);
      const bad = row({ attribute: tooLong });
      const { dead } = await apply({ rows: [bad] });
      const echo = { ...(dead[0] as (typeof dead)[0]), reason: "an echo" };
      const unknown = letter({ kind: "row", id: rowId(row()), attribute: "temperature" });
      await apply({
        deadLetters: [
          { kind: "add", letter: echo },
          { kind: "add", letter: unknown },
          { kind: "settle", letter: echo },
        ],
      });
      assert.deepEqual(await readDead(store), dead);
      assert.deepEqual(await countsOf(store, FLOW), [0, 1, 0]);
    },
  },
];
