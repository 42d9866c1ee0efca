/** The admin API as the commands use it. What the server refuses becomes a CommandError that says why. */
import { type Problem, problems } from "@sluice/contracts";
import { ApiError } from "./api.ts";
import { CommandError } from "./command-error.ts";

export interface ApiResponse<T> {
  readonly status: number;
  readonly body: T;
  readonly etag: string | null;
  /** The server's clock, to the second; null when it does not say. */
  readonly date: Date | null;
}

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Absent members are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly ifMatch?: string;
  /** Statuses from 400 up that are an answer here and not an error. */
  readonly accept?: readonly number[];
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const TIMEOUT_MS = 30_000;
const PAGE = 500;

export class ApiClient {
  readonly #base: string;
  readonly #token: string | undefined;

  constructor(adminUrl: string, token: string | undefined) {
    this.#base = adminUrl;
    this.#token = token;
  }

  /** @throws ApiError, CommandError */
  async request<T>(path: string, request: ApiRequest = {}): Promise<ApiResponse<T>> {
    const url = new URL(this.#base + path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, `${value}`);
    }
    const { response, text } = await this.#fetch(url, request);
    const body = parse(text, response.headers.get("content-type"));
    if (!response.ok && !request.accept?.includes(response.status)) {
      const problem: Partial<Problem> = isProblem(body) ? body : {};
      throw new ApiError(response.status, problem, this.#hint(response.status) ?? helpFor(problem));
    }
    const date = response.headers.get("date");
    return {
      status: response.status,
      body: body as T,
      etag: response.headers.get("etag"),
      date: date === null ? null : new Date(date),
    };
  }

  /** Items of a paged resource, page by page as they are taken; `limit` of them at the most. */
  async *items<T>(path: string, query: ApiRequest["query"] = {}, limit = Number.POSITIVE_INFINITY): AsyncGenerator<T> {
    let after: string | null = null;
    let left = limit;
    do {
      const page: Page<T> = (
        await this.request<Page<T>>(path, {
          query: { ...query, limit: Math.min(left, PAGE), after: after ?? undefined },
        })
      ).body;
      yield* page.items;
      left -= page.items.length;
      after = page.next;
    } while (after !== null && left > 0);
  }

  /** Every item of a resource whose size is bounded by what people write. */
  async all<T>(path: string): Promise<readonly T[]> {
    const items: T[] = [];
    for await (const item of this.items<T>(path)) items.push(item);
    return items;
  }

  async #fetch(url: URL, { method = "GET", body, ifMatch }: ApiRequest): Promise<{ response: Response; text: string }> {
    try {
      const response = await fetch(url, {
        method,
        headers: {
          accept: "application/json, application/problem+json",
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { response, text: await response.text() };
    } catch (error) {
      throw new CommandError(`the gateway at ${this.#base} does not answer: ${whyNot(error)}`, {
        hint: "start one with `sluice start`, or say which: --data-dir for one on this machine, --url for any other",
        cause: error,
      });
    }
  }

  #hint(status: number): string | undefined {
    if (status !== 401) return undefined;
    return this.#token === undefined
      ? "give the token with --token or ADMIN_TOKEN, or name the gateway's DATA_DIR with --data-dir"
      : "this is another gateway's token: give the right one with --token or ADMIN_TOKEN, or its --data-dir";
  }
}

/** What the catalogue says to do about it, unless the errors speak for themselves. */
const helpFor = ({ code, errors }: Partial<Problem>): string | undefined =>
  code !== undefined && errors === undefined && Object.hasOwn(problems, code)
    ? problems[code as keyof typeof problems].help
    : undefined;

const parse = (text: string, contentType: string | null): unknown => {
  if (contentType?.includes("json") !== true) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const isProblem = (body: unknown): body is Problem => typeof body === "object" && body !== null && "title" in body;

/** fetch wraps what happened in "fetch failed". */
const whyNot = (error: unknown): string => {
  const { name, cause, message } = error as Error & { cause?: NodeJS.ErrnoException & { errors?: Error[] } };
  if (name === "TimeoutError") return `nothing within ${TIMEOUT_MS / 1000} s`;
  if (cause?.code === "ECONNREFUSED") return "nothing listens there";
  return cause?.errors?.[0]?.message || cause?.message || message;
};
