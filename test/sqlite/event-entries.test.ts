/** What the seals cover is read as text from SQLite: the same, to the byte, as it is made of the events. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, beforeEach, describe, it } from "node:test";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import type { NewEvent } from "@sluice/contracts";
import { type EntryPage, eventEntry, type ReadPage } from "@sluice/domain";
import { received, retired, stored } from "../conformance/event-store-support.ts";

const entriesOf = ({ inputs, ends }: EntryPage): string[] =>
  Array.from(ends, (end, place) => Buffer.from(inputs.subarray(ends[place - 1] ?? 0, end)).toString());

const idsOf = ({ ids, ends }: EntryPage): string[] =>
  Array.from(ends, (_, place) => Buffer.from(ids.subarray(place * 16, place * 16 + 16)).toString("hex"));

for (const threads of ["inline", "workers"] as const) {
  describe(`entries of a SQLite log, ${threads}`, () => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-entries-"));
    const path = join(directory, "events.db");
    const store = new SqliteEventStore({ path, clock: { now: () => 1_750_000_000_123 }, threads });
    const append = (stream: string, ...events: readonly NewEvent[]) =>
      store.append([{ stream, expected: "any", events }]);

    before(async () => {
      await store.start();
      const numbers = { value: 0.1 + 0.2, attribute: "größe", z: [1e21, -0.5, 1e-7, { b: null, a: true }] };
      const odd = { ...stored("A", "m1"), data: { ...stored("A", "m1").data, ...numbers } } as unknown as NewEvent;
      await append("flow-A", { ...retired("A"), metadata: { actor: "x", a: 1 } } as unknown as NewEvent);
      for (let index = 0; index < 20; index++) {
        await append(
          "traffic-A-20260101",
          received("A", `m${index}`),
          stored("A", `m${index}`),
          stored("A", `m${index}`),
        );
      }
      await append('stream "with" 😀', { ...retired("A"), id: "no uuid" }, odd);
      await append("traffic-A-20260101", { ...retired("A"), id: retired("A").id.toUpperCase() }, received("A", "m99"));
    });
    after(async () => {
      await store.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    const agree = (entries: EntryPage, page: ReadPage): void => {
      assert.deepEqual(
        entriesOf(entries),
        page.events.map((event) => `\0${eventEntry(event)}`),
      );
      assert.deepEqual(
        page.events.map((_, place) => entries.positionAt(place)),
        page.events.map(({ position }) => position),
      );
      assert.deepEqual(
        idsOf(entries),
        page.events.map(({ id }) => (id.length === 36 ? id.replaceAll("-", "").toLowerCase() : "0".repeat(32))),
      );
      assert.deepEqual([entries.position, entries.atEnd], [page.position, page.atEnd]);
    };
    const both = async (options: { after?: string; limit: number }): Promise<void> =>
      agree(await store.readEntries(options), await store.readAll(options));

    it("are those of the events, from every place and however many at a time", async () => {
      const head = Number(await store.head());
      for (let from = 0; from <= head + 1; from++) {
        for (const limit of [1, 2, 5, 1_000]) await both({ limit, ...(from === 0 ? {} : { after: `${from}` }) });
      }
      await assert.rejects(() => store.readEntries({ after: "x", limit: 1 }), RangeError);
    });

    describe("after someone has changed the table", () => {
      const attack = (sql: string): void => {
        const database = new DatabaseSync(path);
        database.exec(sql);
        database.close();
      };
      beforeEach(() =>
        attack(
          "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM records; UPDATE records SET events = kept.events, count = kept.count, recorded_at = kept.recorded_at FROM kept WHERE kept.position = records.position",
        ),
      );

      const changes: Readonly<Record<string, string>> = {
        "white space": "events = replace(events, ',', ', ')",
        "longer escapes": "events = replace(events, 'flow', '\\u0066low')",
        "members that stand twice": `events = replace(events, '"flow":"A"', '"flow":"B","flow":"A"')`,
        "numbers written otherwise": `events = replace(events, '"messageNumber":', '"messageNumber":0.0e1,"n":1.50,"messageNumber":')`,
        "a version as text": `events = json_set(events, '$[0][2]', '1')`,
        "metadata of null": `events = json_set(events, '$[0][4]', NULL)`,
        "more parts than an event has": `events = json_set(events, '$[0][4]', json('{"b":1,"a":2}'), '$[0][5]', 1)`,
        "more events than are counted": "events = json_insert(events, '$[#]', events -> '$[0]')",
        "fewer counted": "count = 1",
        "another time": "recorded_at = 0",
        "bytes that are no UTF-8": `events = CAST(replace(CAST(events AS BLOB), '"A"', CAST(x'22ff22' AS TEXT)) AS TEXT)`,
      };
      for (const [what, change] of Object.entries(changes)) {
        it(`with ${what}, they are still those of the events`, async () => {
          attack(`UPDATE records SET ${change} WHERE position > 10 AND position < 30`);
          await both({ limit: 1_000 });
        });
      }

      const damages: Readonly<Record<string, string>> = {
        "text that is no JSON": "events = substr(events, 1, 40)",
        "text after its end": "events = events || ']'",
        "fewer events than are counted": "count = count + 1",
        "data that is none": `events = json_set(events, '$[0][3]', NULL)`,
      };
      for (const [what, damage] of Object.entries(damages)) {
        it(`with ${what}, none are given`, async () => {
          attack(`UPDATE records SET ${damage} WHERE position = 11`);
          await assert.rejects(() => store.readEntries({ limit: 1_000 }));
          await both({ limit: 5 });
        });
      }
    });
  });
}
