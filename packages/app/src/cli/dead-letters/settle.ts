/** `sluice dead-letters retry` and `discard`. */
import { dataOf, items, type SluiceClient } from "@sluice/contracts/client";
import { apiOf, dateOf, given } from "../api.ts";
import { CommandError } from "../command-error.ts";
import { findGateway } from "../connection.ts";
import { confirmed } from "../flows/confirm.ts";
import { note, print, printJson } from "../output.ts";
import { type EditFlags, editText } from "./edit.ts";
import { type FilterFlags, filterOf } from "./read.ts";

export interface DiscardFlags extends FilterFlags {
  readonly json?: true;
  readonly all?: true;
  readonly reason?: string;
  readonly yes?: true;
}

export type RetryFlags = DiscardFlags & EditFlags;

type Kind = "retry" | "discard";

const DONE = { retry: "retried", discard: "discarded" };

export const retryLetters = async (ids: readonly string[], flags: RetryFlags): Promise<void> => {
  const edit = await editText(flags);
  if (edit === null) return settle("retry", ids, flags);
  const [id, ...others] = ids;
  if (id === undefined || others.length > 0) {
    throw new CommandError("an edit is of one letter: give its id", { exitCode: 2 });
  }
  const { reason } = flags;
  const text = `{"edit":${edit}${reason === undefined ? "" : `,"reason":${JSON.stringify(reason)}`}}`;
  const api = apiOf(findGateway(flags));
  const { count } = dataOf(
    await api.POST("/api/v1/dead-letters/{id}/retry", {
      params: { path: { id } },
      body: {},
      // Parsed and written again, a number would lose its text.
      bodySerializer: () => text,
    }),
  );
  if (count === 0) throw new CommandError("the letter was settled already; the edit was not taken");
  await report("retry", 1, flags);
};

export const discardLetters = (ids: readonly string[], flags: DiscardFlags): Promise<void> =>
  settle("discard", ids, flags);

const settle = async (kind: Kind, ids: readonly string[], flags: DiscardFlags): Promise<void> => {
  const filter = filterOf(flags);
  const filtered = Object.keys(filter).length > 0;
  if (ids.length === 0 && !filtered && flags.all !== true) {
    throw new CommandError("which letters? It wants their ids, a filter, or --all", { exitCode: 2 });
  }
  if (flags.all === true && (ids.length > 0 || filtered)) {
    throw new CommandError("--all is instead of ids and filters", { exitCode: 2 });
  }
  const api = apiOf(findGateway(flags));
  const [first, ...others] = ids;
  if (first !== undefined && others.length === 0 && !filtered) return settleOne(api, kind, first, flags);
  if (ids.length > 0) return report(kind, await settleIds(api, kind, ids, flags), flags, ids.length);
  const { letters, more, lastDeadAt } = await counted(api, flags);
  if (letters === 0) return report(kind, 0, flags);
  const question = `${kind} ${more ? "at least " : ""}${number(letters)}?`;
  if (flags.yes !== true && !(await confirmed(question, `nothing is ${DONE[kind]}`))) return;
  return report(kind, await settleFiltered(api, kind, flags, lastDeadAt), flags);
};

const settleOne = async (api: SluiceClient, kind: Kind, id: string, flags: DiscardFlags): Promise<void> => {
  const request = { params: { path: { id } }, body: given({ reason: flags.reason }) };
  const answer =
    kind === "retry"
      ? await api.POST("/api/v1/dead-letters/{id}/retry", request)
      : await api.POST("/api/v1/dead-letters/{id}/discard", request);
  await report(kind, dataOf(answer).count, flags, 1);
};

/** Of one request. */
const IDS = 500;

const settleIds = async (
  api: SluiceClient,
  kind: Kind,
  ids: readonly string[],
  flags: DiscardFlags,
): Promise<number> => {
  const filter = filterOf(flags);
  let count = 0;
  for (let start = 0; start < ids.length; start += IDS) {
    const part = ids.slice(start, start + IDS);
    const body = {
      ids: part,
      ...(Object.keys(filter).length === 0 ? {} : { filter }),
      ...given({ reason: flags.reason }),
    };
    const answer =
      kind === "retry"
        ? await api.POST("/api/v1/dead-letters/retry", { body })
        : await api.POST("/api/v1/dead-letters/discard", { body });
    count += dataOf(answer).count;
  }
  return count;
};

/**
 * Page by page: a million letters are more than one request can be waited for.
 * @param lastDeadAt letters that died later are left: what is retried may die again before the last page
 */
const settleFiltered = async (
  api: SluiceClient,
  kind: Kind,
  flags: DiscardFlags,
  lastDeadAt: string,
): Promise<number> => {
  const query = filterOf(flags);
  let count = 0;
  let part: string[] = [];
  for await (const { id, deadAt } of items(api, "/api/v1/dead-letters", { query })) {
    if (deadAt > lastDeadAt) continue;
    part.push(id);
    if (part.length < IDS) continue;
    count += await settleIds(api, kind, part, flags);
    part = [];
  }
  return count + (await settleIds(api, kind, part, flags));
};

interface Count {
  readonly letters: number;
  /** Whether there are more causes than were counted. */
  readonly more: boolean;
  readonly lastDeadAt: string;
}

const counted = async (api: SluiceClient, flags: FilterFlags): Promise<Count> => {
  const query = { ...filterOf(flags), limit: 200 };
  const answer = await api.GET("/api/v1/dead-letters/causes", { params: { query } });
  const { items: causes, more } = dataOf(answer);
  const now = more ? (dateOf(answer.response)?.toISOString() ?? "") : "";
  return {
    letters: causes.reduce((sum, { count }) => sum + count, 0),
    more,
    lastDeadAt: [now, ...causes.map((cause) => cause.lastDeadAt)].sort().at(-1) as string,
  };
};

const number = (letters: number): string =>
  `${letters.toLocaleString("en")} dead ${letters === 1 ? "letter" : "letters"}`;

/** @param asked letters that were named */
const report = async (kind: Kind, count: number, { json }: DiscardFlags, asked = count): Promise<void> => {
  await (json ? printJson({ count }) : print(`${number(count)} ${DONE[kind]}`));
  if (asked > count) note(`${number(asked - count)} had been settled already, or had never died`);
};
