/** Messages done, dead and discarded, by action: the changes of one batch, collected and then added in one go. */
import type { StatementCache } from "./statement-cache.ts";

export type MessageState = "done" | "dead" | "discarded";

type Counts = { flow: string; action: string } & Record<MessageState, number>;

const ADD = `INSERT INTO sink_counts (flow, action, done, dead, discarded)
  VALUES ($flow, $action, $done, $dead, $discarded)
  ON CONFLICT (flow, action) DO UPDATE
  SET done = done + excluded.done, dead = dead + excluded.dead, discarded = discarded + excluded.discarded`;

export class CountChanges {
  readonly #changes = new Map<string, Counts>();

  add(flow: string, action: string, state: MessageState, messages: number): void {
    // No flow code and no action id contains a line break.
    const key = `${flow}\n${action}`;
    const counts = this.#changes.get(key) ?? { flow, action, done: 0, dead: 0, discarded: 0 };
    counts[state] += messages;
    this.#changes.set(key, counts);
  }

  write(statements: StatementCache): void {
    for (const counts of this.#changes.values()) statements.prepare(ADD).run(counts);
  }
}
