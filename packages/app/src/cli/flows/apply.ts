/** `sluice flows apply`: brings flows to what files say. */
import { createInterface } from "node:readline/promises";
import { dataOf, type SluiceClient } from "@sluice/contracts/client";
import { ApiError, apiOf } from "../api.ts";
import { CommandError } from "../command-error.ts";
import { type ConnectionFlags, findGateway } from "../connection.ts";
import { coloured, harmless, note, print, printJson } from "../output.ts";
import { readDefinitionFile } from "./definition-files.ts";
import { checkAll, type FlowChange, planChanges } from "./plan.ts";

export interface ApplyFlags extends ConnectionFlags {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

interface Applied {
  readonly code: string;
  readonly change: FlowChange["kind"];
  readonly applied: boolean;
  readonly error?: string;
}

export const applyFiles = async (files: readonly string[], flags: ApplyFlags): Promise<void> => {
  const connection = findGateway(flags);
  const written = (await Promise.all(files.map(readDefinitionFile))).flat();
  const wanted = checkAll(written, connection.configuration.httpTimeoutSeconds);
  const api = apiOf(connection);
  const plan = await planChanges(api, wanted);
  const changes = plan.filter(({ kind }) => kind !== "none");
  if (flags.json !== true) await showPlan(plan);

  const go = changes.length > 0 && flags.dryRun !== true && (flags.yes === true || (await confirmed(changes, files)));
  const results = go ? await applyChanges(api, changes) : [];
  if (flags.json === true) await printJson(resultOf(plan, results, flags.dryRun === true));
  else if (go) await showResults(results);
  if (results.some(({ error }) => error !== undefined)) throw partialFailure(results);
};

const showPlan = async (plan: readonly FlowChange[]): Promise<void> => {
  for (const { diff } of plan) if (diff !== "") await print(colouredDiff(diff));
  const count = (kind: FlowChange["kind"]) => plan.filter((change) => change.kind === kind).length;
  const [created, updated, same] = [count("create"), count("update"), count("none")];
  if (created + updated === 0) await print(`no changes (${same} ${same === 1 ? "flow" : "flows"} as wanted)`);
  else await print(`${created} to create, ${updated} to change, ${same} as wanted`);
};

const colouredDiff = (diff: string): string =>
  diff
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("\\"))
    .map((line) => {
      const text = harmless(line);
      if (/^(---|\+\+\+) /.test(line)) return coloured("bold", text);
      if (line.startsWith("@@")) return coloured("cyan", text);
      if (line.startsWith("+")) return coloured("green", text);
      return line.startsWith("-") ? coloured("red", text) : text;
    })
    .join("\n");

const confirmed = async (changes: readonly FlowChange[], files: readonly string[]): Promise<boolean> => {
  if (!process.stdin.isTTY || files.includes("-")) {
    throw new CommandError("nothing was applied: there is nobody to ask", {
      exitCode: 2,
      hint: "--yes applies without asking, --dry-run only shows what would change",
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = `Apply ${changes.length === 1 ? "this change" : "these changes"}? [y/N] `;
  // Rejects at Ctrl-C and Ctrl-D, which are no yes.
  const answer = await terminal.question(question).catch(() => "");
  terminal.close();
  const yes = /^y(es)?$/i.test(answer.trim());
  if (!yes) note("nothing was applied");
  return yes;
};

/** One by one, and no further than the first that fails. */
export const applyChanges = async (api: SluiceClient, changes: readonly FlowChange[]): Promise<readonly Applied[]> => {
  const results: Applied[] = [];
  let failed = false;
  for (const change of changes) {
    const result = { code: change.code, change: change.kind };
    if (failed) {
      results.push({ ...result, applied: false });
      continue;
    }
    try {
      await applyChange(api, change);
      results.push({ ...result, applied: true });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failed = true;
      results.push({ ...result, applied: false, error: explain(error) });
    }
  }
  return results;
};

const applyChange = async (api: SluiceClient, { kind, code, wanted, etag }: FlowChange): Promise<void> => {
  if (kind === "create") dataOf(await api.POST("/api/v1/flows", { body: wanted }));
  else {
    const header = etag === null ? {} : { "if-match": etag };
    dataOf(await api.PUT("/api/v1/flows/{code}", { params: { path: { code }, header }, body: wanted }));
  }
};

const explain = (error: CommandError): string => {
  if (error instanceof ApiError && (error.status === 409 || error.status === 412)) {
    return "someone else changed it meanwhile; look at the difference again";
  }
  return [error.message, ...error.details].join("; ");
};

const showResults = async (results: readonly Applied[]): Promise<void> => {
  for (const { code, change, applied } of results) {
    if (applied) await print(`${coloured("green", change === "create" ? "created" : "changed")} ${code}`);
  }
};

const resultOf = (plan: readonly FlowChange[], results: readonly Applied[], dryRun: boolean) => ({
  dryRun,
  flows: plan.map(({ code, kind, diff }) => {
    const result = results.find((candidate) => candidate.code === code);
    return {
      code,
      change: kind,
      applied: result?.applied ?? false,
      ...(result?.error === undefined ? {} : { error: result.error }),
      diff,
    };
  }),
});

const partialFailure = (results: readonly Applied[]): CommandError => {
  const done = results.filter(({ applied }) => applied).length;
  return new CommandError(`${done} of ${results.length} changes were applied`, {
    details: results
      .filter(({ applied }) => !applied)
      .map(({ code, error }) => (error === undefined ? `${code} was not tried` : `${code} failed: ${error}`)),
    hint: "apply again once that is mended: what is done already will not be done twice",
  });
};
