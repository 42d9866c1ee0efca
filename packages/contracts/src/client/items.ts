/** Listings, page by page. */
import type { Client } from "openapi-fetch";
import type { paths } from "./api.generated.ts";
import { dataOf } from "./data-of.ts";

interface Listing<T> {
  get: { responses: { 200: { content: { "application/json": { items: T[]; next: string | null } } } } };
}

/** Paths that answer a page. */
export type ListingPath = { [P in keyof paths]: paths[P] extends Listing<unknown> ? P : never }[keyof paths];
export type ItemOf<P extends ListingPath> = paths[P] extends Listing<infer T> ? T : never;

type Parameters<P extends ListingPath> = paths[P] extends { get: { parameters: infer V } } ? V : never;
type QueryOf<P extends ListingPath> = Parameters<P> extends { query?: infer Q } ? NonNullable<Q> : never;

export type ItemsOptions<P extends ListingPath> = {
  readonly query?: Omit<QueryOf<P>, "limit" | "after">;
  /** Items at the most; absent: all. */
  readonly limit?: number;
} & (Parameters<P> extends { path: infer V } ? { readonly path: V } : { readonly path?: never });

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const PAGE = 500;

/**
 * Items of a listing. A page is asked for when the one before has been taken, so that no more than one is in memory.
 * @throws ProblemError
 */
export async function* items<P extends ListingPath>(
  client: Client<paths>,
  listing: P,
  ...[options]: Record<never, never> extends ItemsOptions<P> ? [ItemsOptions<P>?] : [ItemsOptions<P>]
): AsyncGenerator<ItemOf<P>> {
  const { query, path, limit = Number.POSITIVE_INFINITY } = (options ?? {}) as ItemsOptions<P>;
  // Which listing it is, only the caller's types know.
  const get = client.GET as (
    path: string,
    init: object,
  ) => Promise<{ data?: Page<ItemOf<P>>; response: { ok: boolean; status: number } }>;
  let after: string | null = null;
  let left = limit;
  do {
    const bounds: object = { limit: Math.min(left, PAGE), ...(after === null ? {} : { after }) };
    const page: Page<ItemOf<P>> = dataOf(await get(listing, { params: { query: { ...query, ...bounds }, path } }));
    yield* page.items;
    left -= page.items.length;
    after = page.next;
  } while (after !== null && left > 0);
}
