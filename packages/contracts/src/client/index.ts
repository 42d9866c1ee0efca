/**
 * A typed client of the admin API: paths, parameters, bodies and answers are those of the OpenAPI document. It runs
 * wherever there is `fetch`.
 */
import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { components, operations, paths } from "./api.generated.ts";

export { dataOf, ProblemError } from "./data-of.ts";
export { type ItemOf, type ItemsOptions, items, type ListingPath } from "./items.ts";
export type { components, operations, paths };
export type SluiceClient = Client<paths>;

/** A schema of the document by its name. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export interface SluiceClientOptions extends Omit<ClientOptions, "baseUrl"> {
  /** Where the admin API is, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** Bearer token; without one only health, and metrics on the gateway's own machine, are answered. */
  readonly token?: string | undefined;
}

/**
 * Its methods are the HTTP methods. An answer has `data` when the status is 2xx, else `error`, a problem (RFC 9457), and
 * always `response` with status and headers. They throw only what `fetch` throws.
 */
export const createSluiceClient = ({ url, token, headers, ...options }: SluiceClientOptions): SluiceClient =>
  createClient<paths>({
    ...options,
    baseUrl: url.replace(/\/+$/, ""),
    headers: {
      accept: "application/json, application/problem+json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(headers as Record<string, string> | undefined),
    },
  });
