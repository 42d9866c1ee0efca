/** `sluice dead-letters list`, `causes` and `show`. */
import { dataOf, items, type Schema } from "@sluice/contracts/client";
import { apiOf, given } from "../api.ts";
import { type ConnectionFlags, findGateway } from "../connection.ts";
import { print, printJson } from "../output.ts";
import { table } from "../table.ts";
import { letterText } from "./letter-text.ts";

export interface FilterFlags extends ConnectionFlags {
  readonly flow?: string;
  readonly action?: string;
  readonly kind?: "delivery" | "row";
  readonly cause?: string;
}

export interface ShowFlags extends ConnectionFlags {
  readonly json?: true;
}

export interface CausesFlags extends FilterFlags, ShowFlags {
  readonly limit: number;
}

export interface ListFlags extends CausesFlags {
  readonly order: "asc" | "desc";
}

export const filterOf = ({ flow, action, kind, cause }: FilterFlags) => given({ flow, action, kind, cause });

export const listLetters = async (flags: ListFlags): Promise<void> => {
  const { order, limit } = flags;
  const found: Schema<"DeadLetter">[] = [];
  const query = { ...filterOf(flags), order };
  for await (const letter of items(apiOf(findGateway(flags)), "/api/v1/dead-letters", { query, limit })) {
    found.push(letter);
  }
  if (flags.json) return printJson(found);
  if (found.length === 0) return print("no dead letters");
  // Ids are for copying: they are never cut.
  return print(
    table(
      [
        { header: "DIED", value: ({ deadAt }) => deadAt },
        { header: "ATTEMPTS", value: ({ attempts }) => attempts, align: "right" },
        { header: "REASON", value: ({ reason }) => reason, flexible: true },
        { header: "ID", value: ({ id }) => id },
      ],
      found,
    ),
  );
};

export const listCauses = async (flags: CausesFlags): Promise<void> => {
  const query = { ...filterOf(flags), limit: flags.limit };
  const answer = dataOf(await apiOf(findGateway(flags)).GET("/api/v1/dead-letters/causes", { params: { query } }));
  if (flags.json) return printJson(answer);
  const { items: causes, more } = answer;
  if (causes.length === 0) return print("no dead letters");
  await print(
    table(
      [
        { header: "LETTERS", value: ({ count }) => count.toLocaleString("en"), align: "right" },
        { header: "FLOW", value: ({ flow }) => flow },
        { header: "ACTION", value: ({ action }) => action },
        { header: "ATTRIBUTE", value: ({ attribute }) => attribute, flexible: true },
        { header: "LAST DIED", value: ({ lastDeadAt }) => lastDeadAt },
        { header: "CAUSE", value: ({ cause }) => cause },
      ],
      causes,
    ),
  );
  if (more) await print("and more: --limit shows them");
};

export const showLetter = async (id: string, flags: ShowFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const letter = dataOf(await api.GET("/api/v1/dead-letters/{id}", { params: { path: { id } } }));
  await (flags.json ? printJson(letter) : print(letterText(letter)));
};
