/** The forms in which events are written, and the memory that this takes. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { csvLine, eventLine } from "@sluice/app/cli";
import type { RecordedEvent } from "@sluice/contracts";
import fc from "fast-check";
import { received } from "../conformance/event-store-support.ts";
import { sluice, startSluice } from "./command-line.ts";

/** RFC 4180, strictly. */
const parseCsv = (text: string): string[][] => {
  const rows: string[][] = [];
  let row: string[] = [];
  const fields = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/gy;
  while (fields.lastIndex < text.length) {
    const match = fields.exec(text);
    assert.ok(match, `not CSV at ${fields.lastIndex}`);
    const [, field = "", end] = match;
    row.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
};

describe("CSV", () => {
  it("gives back what was put in, but for the ' before what a spreadsheet would calculate", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."=+-@,\"\r\n\t'a1") }));
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (values) => {
        const [row = [], ...more] = parseCsv(`${csvLine(values)}\r\n`);
        assert.equal(more.length, 0);
        assert.equal(row.length, values.length);
        row.forEach((field, index) => {
          const value = values[index] as string;
          assert.doesNotMatch(field, /^[=+\-@\t\r\n＝＋－＠]/);
          assert.ok(field === value || field === `'${value}`);
        });
      }),
    );
  });

  it("leaves numbers as they are", () => {
    assert.equal(csvLine([-5, null, undefined, "-5", '=HYPERLINK("x")']), `-5,,,'-5,"'=HYPERLINK(""x"")"`);
  });
});

describe("a line", () => {
  /** Behind the empty column of the flow. */
  const what = (
    type: "ReplayProgressed" | "ReplayCompleted" | "ReplayRequested",
    data: unknown,
  ): string | undefined => {
    const place = { position: "1", recordedAt: "2026-03-10T12:00:00.000Z", metadata: { actor: "api:ada" } };
    return eventLine({ ...place, type, data } as RecordedEvent, 300)
      .split(/ {18,}/)
      .at(-1);
  };
  const figures = { scanned: 30, accepted: 0, rejected: 0, present: 0, unmatched: 0, cut: 0, refused: 0 };
  const comparison = { missing: 2, surplus: 0, changed: 1, countsDifferent: 1 };
  const found = "30 looked at; rows: 2 missing, 0 too many, 1 changed, 1 counts differ";

  it("of a rebuild says who asked for it, what it has found and done", () => {
    const order = { kind: "rebuild", compareOnly: false, messagesPerSecond: 1, until: "9" };
    assert.equal(what("ReplayRequested", { order }), "rebuild of the projection by api:ada");
    assert.equal(what("ReplayProgressed", { figures }), "30 looked at, 0 accepted");
    assert.equal(what("ReplayProgressed", { figures, comparison }), found);
    const switchedOver = { added: 2, removed: 0, changed: 1 };
    assert.equal(what("ReplayCompleted", { figures, rebuild: { comparison, switchedOver } }), `${found}, switched`);
    assert.equal(what("ReplayCompleted", { figures, rebuild: { comparison, switchedOver: null } }), found);
  });
});

const EVENTS = 500;
const PAYLOAD = "=1+1,\n".repeat(170);

/** An admin API whose log has so many pages of half a megabyte. */
const startLog = async (pages: number) => {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    const page = Number(url.searchParams.get("after") ?? 0);
    const items = Array.from({ length: EVENTS }, (_, index): RecordedEvent => {
      const event = received("A", "00000000-0000-7000-8000-000000000000") as RecordedEvent<"MessageReceived">;
      const position = page * EVENTS + index + 1;
      return {
        ...event,
        data: { ...event.data, payload: { encoding: "utf8", data: PAYLOAD } },
        stream: "traffic-A-20260101",
        version: position,
        position: `${position}`,
        recordedAt: "2026-01-01T00:00:00.000Z",
      };
    });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ items, next: page + 1 < pages ? `${page + 1}` : null }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
};

describe("sluice events", () => {
  it("writes CSV that a spreadsheet reads and does not calculate", async () => {
    const log = await startLog(2);
    const { stdout, code } = await sluice(["events", "--format", "csv", "--limit", "all", "--url", log.url]);
    log.stop();
    assert.equal(code, 0);
    const [header, ...rows] = parseCsv(stdout);
    assert.deepEqual(header?.slice(0, 3), ["position", "recordedAt", "type"]);
    assert.equal(rows.length, 2 * EVENTS);
    const row = Object.fromEntries((header ?? []).map((name, index) => [name, rows[0]?.[index]]));
    assert.equal(row.flow, "A");
    assert.equal(JSON.parse(row.data as string).payload.data, PAYLOAD);
    assert.equal(row.metadata, "{}");
  });

  it("shows more than its heap could hold", async () => {
    const pages = 120;
    const log = await startLog(pages);
    const child = startSluice(["events", "--format", "ndjson", "--limit", "all", "--url", log.url], {
      env: { NODE_OPTIONS: "--max-old-space-size=48" },
    });
    child.stdin.end();
    let complaint = "";
    child.stderr.on("data", (text) => {
      complaint += text;
    });
    let count = 0;
    let bytes = 0;
    for await (const line of createInterface(child.stdout)) {
      count += 1;
      bytes += line.length;
    }
    log.stop();
    assert.equal(count, pages * EVENTS, complaint);
    assert.ok(bytes > 1.5 * 48 * 1024 * 1024);
  });
});
