/** Messages done, dead and discarded, by action: the changes of one batch, collected and then added in one go. */
import type { Connection } from "mariadb";

export type MessageState = "done" | "dead" | "discarded";

type Counts = { flow: string; action: string } & Record<MessageState, number>;

const ADD = `INSERT INTO sink_counts (flow, action, done, dead, discarded) VALUES (?, ?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE
    done = done + VALUES(done), dead = dead + VALUES(dead), discarded = discarded + VALUES(discarded)`;

export class CountChanges {
  readonly #changes = new Map<string, Counts>();

  add(flow: string, action: string, state: MessageState, messages: number): void {
    // No flow code and no action id contains a line break.
    const key = `${flow}\n${action}`;
    const counts = this.#changes.get(key) ?? { flow, action, done: 0, dead: 0, discarded: 0 };
    counts[state] += messages;
    this.#changes.set(key, counts);
  }

  async write(connection: Connection): Promise<void> {
    const changes = [...this.#changes.values()];
    if (changes.length === 0) return;
    await connection.batch(
      ADD,
      changes.map(({ flow, action, done, dead, discarded }) => [flow, action, done, dead, discarded]),
    );
  }
}
