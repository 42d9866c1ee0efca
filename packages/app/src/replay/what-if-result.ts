/** What a what-if counts, and the samples that it shows. All of it is bounded: it is kept in the log. */
import type { EventData, FlowDefinition, ValidationError, WhatIfResult, WhatIfSample } from "@sluice/contracts";
import { attributeText, type Fact } from "@sluice/domain";
import { verdictOf } from "../messages/verdict.ts";

type Verdicts = WhatIfResult["before"];
type Shown = WhatIfSample["before"];

export interface Outcome {
  readonly verdict: keyof Verdicts;
  readonly errors: readonly ValidationError[];
  readonly facts: readonly Fact[];
  readonly definition: FlowDefinition | null;
}

export const NOTHING: Verdicts = { accepted: 0, flagged: 0, rejected: 0, unmatched: 0 };
export const UNMATCHED: Outcome = { verdict: "unmatched", errors: [], facts: [], definition: null };

/** Of newly rejected messages, and as many of newly accepted ones. */
export const SAMPLES = 10;
const SHOWN = { payload: 2_000, text: 200, errors: 10, rows: 20, fields: 50 };
/** Kinds of errors that are counted. */
const FIELDS_COUNTED = 2_000;

export const outcomeOf = (facts: readonly Fact[], definition: FlowDefinition): Outcome => ({
  ...verdictOf(facts),
  facts,
  definition,
});

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`);
const withoutQuery = (url: string): string => url.split("?", 1)[0] as string;

const shown = ({ verdict, errors, facts, definition }: Outcome): Shown => {
  const rows: Shown["rows"] = [];
  const owed = new Set<string>();
  for (const { type, data } of facts) {
    if (type === "MessageReceived") for (const { action } of data.owes) owed.add(action);
    if (type === "StoredAttribute" && rows.length < SHOWN.rows) {
      const { action, attribute } = data;
      rows.push({ action, attribute: cut(attribute, SHOWN.text), text: cut(attributeText(data), SHOWN.text) });
    }
  }
  return {
    verdict,
    errors: errors.slice(0, SHOWN.errors).map(({ pointer, keyword, message }) => ({
      pointer: cut(pointer, SHOWN.text),
      keyword,
      message: cut(message, SHOWN.text),
    })),
    rows,
    requests: (definition?.actions ?? []).flatMap((action) =>
      action.type === "POST_ENDPOINT" && owed.has(action.id)
        ? [{ action: action.id, url: cut(withoutQuery(action.url), SHOWN.text) }]
        : [],
    ),
  };
};

export const sampleOf = (data: EventData<"MessageReceived">, before: Outcome, after: Outcome): WhatIfSample => {
  const { flow, messageId, messageNumber, topic, receivedAt, payload } = data;
  return {
    ...{ flow, messageId, messageNumber, receivedAt },
    topic: cut(topic, SHOWN.payload),
    payload: cut(payload.data, SHOWN.payload),
    before: shown(before),
    after: shown(after),
  };
};

interface FieldCount {
  readonly pointer: string;
  readonly keyword: string;
  before: number;
  after: number;
}

/** Rejected messages by what is wrong with them. */
export class FieldCounts {
  readonly #counts = new Map<string, FieldCount>();
  #others = false;

  note(before: Outcome, after: Outcome): void {
    if (before.verdict === "rejected") this.#count("before", before.errors);
    if (after.verdict === "rejected") this.#count("after", after.errors);
  }

  result(): Pick<WhatIfResult, "fields" | "otherFields"> {
    const change = ({ before, after }: FieldCount) => Math.abs(after - before);
    const sorted = [...this.#counts.values()].sort((a, b) => change(b) - change(a) || b.after - a.after);
    return { fields: sorted.slice(0, SHOWN.fields), otherFields: this.#others || sorted.length > SHOWN.fields };
  }

  #count(side: "before" | "after", errors: readonly ValidationError[]): void {
    const met = new Set<string>();
    for (const { pointer, keyword } of errors) {
      const key = `${keyword} ${pointer}`;
      if (met.has(key)) continue;
      met.add(key);
      let field = this.#counts.get(key);
      if (field === undefined) {
        if (this.#counts.size >= FIELDS_COUNTED) {
          this.#others = true;
          continue;
        }
        field = { pointer: cut(pointer, SHOWN.text), keyword, before: 0, after: 0 };
        this.#counts.set(key, field);
      }
      field[side] += 1;
    }
  }
}
