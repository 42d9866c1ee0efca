/** Events as a table, NDJSON or CSV, one at a time, so that output of any length needs no memory. */
import type { RecordedEvent } from "@sluice/contracts";
import { parseStream } from "@sluice/domain";
import { csvLine } from "./csv.ts";
import { eventHeader, eventLine } from "./event-line.ts";
import type { EventFormat } from "./format-options.ts";
import { print } from "./output.ts";
import { lineWidth } from "./table.ts";

const dataOf = (event: RecordedEvent): Readonly<Record<string, unknown>> => event.data;
const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** What has a column of its own is in `data` as well, which is the event's whole data as JSON. */
const csvColumns: Readonly<Record<string, (event: RecordedEvent) => string | number | null | undefined>> = {
  position: (event) => event.position,
  recordedAt: (event) => event.recordedAt,
  type: (event) => event.type,
  stream: (event) => event.stream,
  version: (event) => event.version,
  flow: (event) => textOf(dataOf(event).flow) ?? parseStream(event.stream)?.flow,
  messageId: (event) => textOf(dataOf(event).messageId),
  messageNumber: (event) => numberOf(dataOf(event).messageNumber),
  actor: (event) => event.metadata.actor,
  id: (event) => event.id,
  schemaVersion: (event) => event.schemaVersion,
  data: (event) => JSON.stringify(event.data),
  metadata: (event) => JSON.stringify(event.metadata),
};

/** The header comes before the first event; of CSV also when there is none. */
export class EventWriter {
  readonly #format: EventFormat;
  readonly #width = lineWidth();
  #begun = false;

  constructor(format: EventFormat) {
    this.#format = format;
  }

  async write(event: RecordedEvent): Promise<void> {
    await this.#begin();
    if (this.#format === "ndjson") await print(JSON.stringify(event));
    else if (this.#format === "csv") await print(`${csvLine(Object.values(csvColumns).map((of) => of(event)))}\r`);
    else await print(eventLine(event, this.#width));
  }

  async end(): Promise<void> {
    if (this.#format === "csv") await this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    if (this.#format === "csv") await print(`${csvLine(Object.keys(csvColumns))}\r`);
    if (this.#format === "table") await print(eventHeader());
  }
}
