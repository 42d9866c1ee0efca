/** The admin API as the commands use it: the typed client, whose every failure is a CommandError that says why. */
import { STATUS_CODES } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Problem, problems } from "@sluice/contracts";
import { createSluiceClient, type SluiceClient } from "@sluice/contracts/client";
import { CommandError } from "./command-error.ts";
import { harmless, note } from "./output.ts";

/** The server answered, with an error. */
export class ApiError extends CommandError {
  readonly status: number;
  /** Of the problem catalogue; null when the answer was no problem+json. */
  readonly code: string | null;

  constructor(status: number, problem: Partial<Problem>, hint: string | undefined) {
    const { title, detail, errors = [] } = problem;
    const text = title ?? `the server answered ${status}`;
    super(harmless(detail === undefined || detail === title ? text : `${text}: ${detail}`), {
      details: errors.map(({ pointer, message }) => harmless(pointer === "" ? message : `${pointer}: ${message}`)),
      hint,
    });
    this.status = status;
    this.code = problem.code ?? null;
  }
}

const TIMEOUT_MS = 30_000;
/** The gateway counts by the minute. */
const LONGEST_WAIT_S = 60;

/** Its methods throw ApiError and CommandError, so that what they give is the data of a good answer. */
export const apiOf = ({ adminUrl, token }: { readonly adminUrl: string; readonly token: string | undefined }) => {
  const client: SluiceClient = createSluiceClient({
    url: adminUrl,
    token,
    fetch: (request) => fetchWhole(request, adminUrl),
  });
  client.use({
    onResponse: async ({ response, schemaPath }) => {
      // An unhealthy gateway says with 503 what is wrong with it.
      if (response.ok || (schemaPath === "/health" && response.status === 503)) return;
      const problem = problemOf(await response.text());
      throw new ApiError(response.status, problem, hintFor(response.status, token) ?? helpFor(problem));
    },
  });
  return client;
};

/** Members that are given; an absent option of a command is undefined. */
export const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** The server's clock, to the second; null when it does not say. */
export const dateOf = ({ headers }: Response): Date | null => {
  const date = headers.get("date");
  return date === null ? null : new Date(date);
};

/** The whole answer within the time, read and seen to be what it says it is. @throws CommandError */
const fetchWhole = async (request: Request, adminUrl: string): Promise<Response> => {
  let response: Response;
  let text: string;
  try {
    response = await fetchInTurn(request);
    text = await response.text();
  } catch (error) {
    throw new CommandError(`the gateway at ${adminUrl} does not answer: ${whyNot(error)}`, {
      hint: "start one with `sluice start`, or say which: --data-dir for one on this machine, --url for any other",
      cause: error,
    });
  }
  if (response.ok && text !== "" && response.headers.get("content-type")?.includes("json") !== true) {
    throw new CommandError(`what answers at ${adminUrl} is no Sluice gateway`, {
      hint: "--url wants the address of the admin API, without a path",
    });
  }
  const { status, headers } = response;
  return new Response(text === "" ? null : text, { status, statusText: STATUS_CODES[status] ?? "", headers });
};

/** Comes again when it is told to, as often as it takes: what has much to do is not given up half-way. */
const fetchInTurn = async (request: Request): Promise<Response> => {
  for (;;) {
    const response = await fetch(request.clone(), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const seconds = Number(response.headers.get("retry-after"));
    if (response.status !== 429 || !(seconds > 0 && seconds <= LONGEST_WAIT_S)) return response;
    await response.body?.cancel();
    note(`the gateway takes no more requests for now (ADMIN_RATE_LIMIT); going on in ${seconds} s`);
    await delay(seconds * 1_000);
  }
};

const problemOf = (text: string): Partial<Problem> => {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && "title" in body ? (body as Problem) : {};
  } catch {
    return {};
  }
};

const hintFor = (status: number, token: string | undefined): string | undefined => {
  if (status !== 401) return undefined;
  return token === undefined
    ? "give the token with --token or ADMIN_TOKEN, or name the gateway's DATA_DIR with --data-dir"
    : "this is another gateway's token: give the right one with --token or ADMIN_TOKEN, or its --data-dir";
};

/** What the catalogue says to do about it, unless the errors speak for themselves. */
const helpFor = ({ code, errors }: Partial<Problem>): string | undefined =>
  code !== undefined && errors === undefined && Object.hasOwn(problems, code)
    ? problems[code as keyof typeof problems].help
    : undefined;

/** fetch wraps what happened in "fetch failed". */
const whyNot = (error: unknown): string => {
  const { name, cause, message } = error as Error & { cause?: NodeJS.ErrnoException & { errors?: Error[] } };
  if (name === "TimeoutError") return `nothing within ${TIMEOUT_MS / 1000} s`;
  if (cause?.code === "ECONNREFUSED") return "nothing listens there";
  return cause?.errors?.[0]?.message || cause?.message || message;
};
