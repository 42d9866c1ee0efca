/**
 * The tokens of the admin API: the fold of the stream `access-tokens`, kept current where several gateways share the
 * log. ADMIN_TOKEN is one besides, which is in no log; with it the first ones are made.
 *
 * While the log cannot be read, what is known goes on to be good. Before it was read for the first time, tokens other
 * than ADMIN_TOKEN cannot be judged: that is said, instead of refusing them.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventMetadata, NewEvent, RecordedEvent, Role } from "@sluice/contracts";
import {
  ACCESS_STREAM,
  type AccessToken,
  type Clock,
  decideToken,
  type EventStore,
  EventStoreUnavailable,
  evolveToken,
  type IdSource,
  isTokenExpired,
  type TokenCommand,
  WrongExpectedVersion,
} from "@sluice/domain";
import type { Logger } from "pino";
import { digestOf, isSameDigest, makeToken, tokenIdOf } from "./token-secret.ts";

/** Who asks. */
export interface Principal {
  /** As the log has it. */
  readonly actor: string;
  readonly role: Role;
  /** Null: ADMIN_TOKEN. */
  readonly tokenId: string | null;
}

/** A name that no token may have: the log has ADMIN_TOKEN's changes under it. */
export const ADMIN_NAME = "admin";

export interface AccessTokensDependencies {
  readonly store: EventStore;
  readonly adminToken: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
}

const PAGE = 1_000;
const RETRY_MS = 1_000;
/** Decided again when another gateway was faster. */
const ATTEMPTS = 5;
/** What an unknown token is compared with, so that it takes as long as a known one. */
const NOBODY = digestOf("");

export class AccessTokens {
  readonly #deps: AccessTokensDependencies;
  readonly #admin: Buffer;
  readonly #byName = new Map<string, AccessToken>();
  readonly #byId = new Map<string, AccessToken>();
  /** In ms since the epoch, by id. */
  readonly #lastUsed = new Map<string, number>();
  /** Of the stream, as far as it is folded. */
  #version = 0;
  #loaded = false;
  #turn: Promise<unknown> = Promise.resolve();
  #position: string | null = null;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(dependencies: AccessTokensDependencies) {
    this.#deps = dependencies;
    this.#admin = digestOf(dependencies.adminToken);
  }

  /** Once the log is open. Resolves after the first attempt to read it; the next ones follow. */
  async start(): Promise<void> {
    await this.#load().catch((error: unknown) => this.#deps.log.warn({ err: error }, "tokens cannot be read yet"));
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * @returns whose token it is; null when it is nobody's, or has expired
   * @throws EventStoreUnavailable when it cannot be known yet
   */
  authenticate(text: string): Principal | null {
    const digest = digestOf(text);
    if (isSameDigest(digest, this.#admin)) return { actor: `api:${ADMIN_NAME}`, role: "admin", tokenId: null };
    const id = tokenIdOf(text);
    if (id === null) return null;
    if (!this.#loaded) throw new EventStoreUnavailable("tokens have not been read yet");
    const token = this.#byId.get(id);
    const isRight = isSameDigest(digest, token === undefined ? NOBODY : Buffer.from(token.hash.digest, "hex"));
    const now = this.#deps.clock.now();
    if (token === undefined || !isRight || isTokenExpired(token, now)) return null;
    this.#lastUsed.set(id, now);
    return { actor: `api:${token.name}`, role: token.role, tokenId: id };
  }

  /** By name; expired ones too, until they are revoked or replaced. @throws EventStoreUnavailable */
  list(): readonly AccessToken[] {
    if (!this.#loaded) throw new EventStoreUnavailable("tokens have not been read yet");
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** In ms since the epoch; null: not since the start, at this gateway. */
  lastUsedAt({ id }: AccessToken): number | null {
    return this.#lastUsed.get(id) ?? null;
  }

  /**
   * @param expiresAt RFC 3339 UTC; null: never
   * @returns the token with its text, which nobody has from then on but the caller
   * @throws TokenExists, EventStoreUnavailable
   */
  async issue(
    { name, role, expiresAt }: Pick<AccessToken, "name" | "role" | "expiresAt">,
    metadata: EventMetadata,
  ): Promise<{ readonly token: AccessToken; readonly text: string }> {
    const { id, text } = makeToken();
    const hash = { scheme: "sha-256", digest: digestOf(text).toString("hex") } as const;
    await this.#execute({ kind: "issue", name, id, role, expiresAt, hash }, metadata);
    return { token: this.#byId.get(id) as AccessToken, text };
  }

  /** It is refused from then on here, and at the other gateways as soon as they have read it. @throws TokenNotFound */
  async revoke(name: string, metadata: EventMetadata): Promise<void> {
    await this.#execute({ kind: "revoke", name }, metadata);
  }

  #execute(command: TokenCommand, metadata: EventMetadata): Promise<void> {
    const executed = this.#turn.then(() => this.#append(command, metadata));
    this.#turn = executed.catch(() => {});
    return executed;
  }

  async #append(command: TokenCommand, metadata: EventMetadata): Promise<void> {
    const { store, clock, ids, log } = this.#deps;
    if (!this.#loaded) await this.#load();
    else if (store.capabilities.sharedLog) await this.#catchUp();
    for (let attempt = 1; ; attempt++) {
      const fact = decideToken(this.#byName.get(command.name), command, clock.now());
      const event = { id: ids.next(), schemaVersion: 1, metadata, ...fact } as NewEvent;
      const version = this.#version;
      try {
        const expected = version === 0 ? "none" : version;
        const { position, recordedAt } = await store.append([{ stream: ACCESS_STREAM, expected, events: [event] }]);
        this.#fold({ ...event, stream: ACCESS_STREAM, version: version + 1, position, recordedAt } as RecordedEvent);
        log.info({ name: command.name, ...metadata }, command.kind === "issue" ? "token issued" : "token revoked");
        return;
      } catch (error) {
        if (!(error instanceof WrongExpectedVersion) || attempt === ATTEMPTS) throw error;
        await this.#catchUp();
      }
    }
  }

  async #load(): Promise<void> {
    const head = await this.#deps.store.head();
    await this.#catchUp();
    this.#position = head;
    this.#loaded = true;
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const events = await this.#deps.store.readStream(ACCESS_STREAM, { from: this.#version + 1, limit: PAGE });
      for (const event of events) this.#fold(event);
      if (events.length < PAGE) return;
    }
  }

  /** An event that is folded already changes nothing. */
  #fold(event: RecordedEvent): void {
    if (event.version !== this.#version + 1) return;
    this.#version = event.version;
    if (event.type !== "TokenIssued" && event.type !== "TokenRevoked") return;
    const { name } = event.data;
    const before = this.#byName.get(name);
    if (before !== undefined) {
      this.#byId.delete(before.id);
      this.#lastUsed.delete(before.id);
    }
    const token = evolveToken(before, event);
    if (token === undefined) this.#byName.delete(name);
    else {
      this.#byName.set(name, token);
      this.#byId.set(token.id, token);
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    while (!signal.aborted) {
      try {
        if (!this.#loaded) await this.#load();
        if (!store.capabilities.sharedLog) return;
        await this.#follow(signal);
      } catch (error) {
        log.debug({ err: error }, "changes of tokens cannot be followed; trying again");
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const after = this.#position === null ? {} : { after: this.#position };
    const pages = this.#deps.store.subscribe({ filter: { stream: ACCESS_STREAM }, signal, ...after });
    for await (const page of pages) {
      // An append of ours may be on its way to the fold: what is missing is read in order.
      if (page.events.some(({ version }) => version > this.#version)) await this.#catchUp();
      if (page.position !== null) this.#position = page.position;
    }
  }
}
