/** Messages done, dead and discarded, by action: the changes of one batch, collected to be added in one go. */
import type { SinkCounts } from "../ports/projection-store.ts";
import type { MessageState } from "./dead-rows.ts";

type Counts = { flow: string; action: string } & Record<MessageState, number>;

export class CountChanges {
  readonly #changes = new Map<string, Counts>();

  add(flow: string, action: string, state: MessageState, messages: number): void {
    // No flow code and no action id contains a line break.
    const key = `${flow}\n${action}`;
    const counts = this.#changes.get(key) ?? { flow, action, done: 0, dead: 0, discarded: 0 };
    counts[state] += messages;
    this.#changes.set(key, counts);
  }

  /** What to add to each action's counts; may be negative. */
  get changes(): readonly SinkCounts[] {
    return [...this.#changes.values()];
  }
}
