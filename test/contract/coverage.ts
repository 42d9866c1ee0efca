/** Which of the answers that the document has were seen, and by which name each goes: its status, and a problem's code. */
import type { ApiDocument, Operation } from "./document.ts";
import { type Excuse, excuses } from "./excuses.ts";

export const nameOf = (status: number | string, code: string | null): string =>
  code === null ? `${status}` : `${status} ${code}`;

/** Of the answers that an operation may give. */
export const answersOf = ({ answers }: Operation): readonly string[] =>
  Object.entries(answers).flatMap(([status, { description, content }]) => {
    if (content?.["application/problem+json"] === undefined) return [status];
    return [...description.matchAll(/`([a-z-]+)`:/g)].map(([, code]) => nameOf(status, code as string));
  });

const covers = ({ answer, of }: Excuse, operation: Operation, name: string): boolean =>
  answer === name && (typeof of === "function" ? of(operation) : of.includes(operation.operationId));

export const excuseFor = (operation: Operation, name: string, of = excuses): Excuse | undefined =>
  of.find((one) => covers(one, operation, name));

export class Coverage {
  readonly #seen = new Set<string>();

  note({ operationId }: Operation, status: number, code: string | null): void {
    this.#seen.add(`${operationId}: ${nameOf(status, code)}`);
  }

  /** Answers that nothing has provoked and nothing excuses, and excuses for what was provoked or is in no document. */
  faults({ operations }: ApiDocument, of = excuses): readonly string[] {
    const used = new Set<Excuse>();
    const known = new Set<string>();
    const faults = operations.flatMap((operation) =>
      answersOf(operation).flatMap((name) => {
        const answer = `${operation.operationId}: ${name}`;
        known.add(answer);
        const excuse = excuseFor(operation, name, of);
        if (excuse !== undefined) used.add(excuse);
        if (this.#seen.has(answer)) return excuse === undefined ? [] : [`${answer} was provoked, and is excused`];
        return excuse === undefined ? [`${answer} was not provoked`] : [];
      }),
    );
    const idle = of.filter((excuse) => !used.has(excuse)).map(({ answer }) => `an excuse for ${answer} is for nothing`);
    const named = of.flatMap(({ answer, of: operation }) =>
      typeof operation === "function" ? [] : operation.map((id) => `${id}: ${answer}`),
    );
    return [
      ...faults,
      ...idle,
      ...named.filter((one) => !known.has(one)).map((one) => `${one} is excused, and not documented`),
    ];
  }
}
