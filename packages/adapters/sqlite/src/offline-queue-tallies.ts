/** How many items there are, by group and priority: the changes of one transaction, collected and added at its end. */
import type { StatementCache } from "./statement-cache.ts";

/** As stored in `items.state`. */
export const State = { ready: 0, delayed: 1, leased: 2, dead: 3 } as const;
export type State = (typeof State)[keyof typeof State];

/** Where an item is counted. */
export interface Counted {
  readonly group: string;
  readonly priority: number;
  readonly state: State;
}

type Tally = Record<"waiting" | "leased" | "dead", number>;
type GroupTally = { group: string; priority: number } & Tally;

const kindOf = (state: State): keyof Tally => {
  if (state === State.dead) return "dead";
  return state === State.leased ? "leased" : "waiting";
};

const ADD_GROUP = `INSERT INTO group_tallies (group_name, priority, waiting, leased, dead)
  VALUES ($group, $priority, $waiting, $leased, $dead)
  ON CONFLICT (group_name, priority) DO UPDATE
  SET waiting = waiting + excluded.waiting, leased = leased + excluded.leased, dead = dead + excluded.dead`;
const DROP_EMPTY = `DELETE FROM group_tallies
  WHERE group_name = ? AND priority = ? AND waiting = 0 AND leased = 0 AND dead = 0`;
const ADD_PRIORITY = `INSERT INTO priority_tallies (priority, waiting, leased, dead)
  VALUES ($priority, $waiting, $leased, $dead)
  ON CONFLICT (priority) DO UPDATE
  SET waiting = waiting + excluded.waiting, leased = leased + excluded.leased, dead = dead + excluded.dead`;

export class TallyChanges {
  readonly #groups = new Map<string, GroupTally>();
  readonly #onChange: (group: string) => void;

  /** @param onChange told of every group whose items change */
  constructor(onChange: (group: string) => void) {
    this.#onChange = onChange;
  }

  arrived(item: Counted): void {
    this.#tally(item)[kindOf(item.state)] += 1;
  }

  left(item: Counted): void {
    this.#tally(item)[kindOf(item.state)] -= 1;
  }

  /** Something of the group has changed that is not counted. */
  touched(group: string): void {
    this.#onChange(group);
  }

  moved(item: Counted, to: State): void {
    this.left(item);
    this.arrived({ ...item, state: to });
  }

  /** Adds what has been collected to the stored tallies, and begins anew. */
  write(statements: StatementCache): void {
    const priorities = new Map<number, { priority: number } & Tally>();
    for (const change of this.#groups.values()) {
      statements.prepare(ADD_GROUP).run(change);
      statements.prepare(DROP_EMPTY).run(change.group, change.priority);
      const { priority } = change;
      const sum = priorities.get(priority) ?? { priority, waiting: 0, leased: 0, dead: 0 };
      sum.waiting += change.waiting;
      sum.leased += change.leased;
      sum.dead += change.dead;
      priorities.set(priority, sum);
    }
    for (const change of priorities.values()) statements.prepare(ADD_PRIORITY).run(change);
    this.#groups.clear();
  }

  #tally({ group, priority }: Counted): GroupTally {
    const key = `${priority} ${group}`;
    let tally = this.#groups.get(key);
    if (!tally) {
      tally = { group, priority, waiting: 0, leased: 0, dead: 0 };
      this.#groups.set(key, tally);
      this.#onChange(group);
    }
    return tally;
  }
}

/** Over all groups, the lowest priority first. */
export const prioritiesOf = (statements: StatementCache): readonly ({ readonly priority: number } & Tally)[] =>
  statements
    .prepare("SELECT priority, waiting, leased, dead FROM priority_tallies ORDER BY priority")
    .all() as unknown as ({ priority: number } & Tally)[];
