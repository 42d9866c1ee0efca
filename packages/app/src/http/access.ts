/**
 * Who may use which route: the one place where it is said. A route that is not listed here takes an admin, and a test
 * fails until it is listed.
 */
import type { ProblemCode, Role } from "@sluice/contracts";
import type { FastifyInstance, RouteOptions } from "fastify";
import { problemAnswers } from "./responses.ts";

/** `anyone`: no token needed. `loopback`: none needed from this machine, and else that of a viewer. */
export type Access = Role | "anyone" | "loopback";

export interface RouteAccess {
  readonly access: Access;
  /** False: as often as anyone likes. */
  readonly limited?: false;
  /** False: a POST that changes nothing and is not audited. */
  readonly changes?: false;
}

declare module "fastify" {
  interface FastifyContextConfig extends Partial<RouteAccess> {}
}

const reads: RouteAccess = { access: "viewer" };
const operates: RouteAccess = { access: "operator" };
const administers: RouteAccess = { access: "admin" };

/** By the operation's id. */
export const routeAccess: Readonly<Record<string, RouteAccess>> = {
  live: { access: "anyone", limited: false },
  ready: { access: "anyone", limited: false },
  health: { access: "anyone", limited: false },
  metrics: { access: "loopback", limited: false },

  listFlows: reads,
  getFlow: reads,
  flowHistory: reads,
  testFlow: { ...operates, changes: false },
  enableFlow: operates,
  disableFlow: operates,
  createFlow: administers,
  putFlow: administers,
  retireFlow: administers,
  rollbackFlow: administers,

  listEvents: reads,
  tailEvents: reads,
  getMessage: reads,
  listData: reads,
  getData: reads,
  listCheckpoints: reads,
  latestCheckpoint: reads,
  makeCheckpoint: operates,

  listDeadLetters: reads,
  listDeadLetterCauses: reads,
  getDeadLetter: reads,
  retryDeadLetters: operates,
  retryDeadLetter: operates,
  discardDeadLetters: operates,
  discardDeadLetter: operates,

  publish: operates,
  publishStatus: reads,
  reload: operates,
  requestReplay: operates,
  listReplays: reads,
  getReplay: reads,
  cancelReplay: operates,

  listTokens: administers,
  createToken: administers,
  revokeToken: administers,
};

/** Of the OpenAPI document's operation; swagger reads the schema after this has changed it. */
interface RouteSchema {
  readonly operationId?: string;
  readonly description?: string;
  readonly security?: unknown;
  readonly response?: Responses;
}

const problemsOf = ({ access, limited }: RouteAccess): readonly ProblemCode[] => [
  ...(access === "anyone" ? [] : (["unauthorized", "log-unavailable"] as const)),
  ...(access === "operator" || access === "admin" ? (["forbidden"] as const) : []),
  ...(limited === false ? [] : (["rate-limited"] as const)),
];

type Responses = Readonly<Record<string, unknown>>;

/** The answers that every route of this access may give, with those that the route declares itself. */
const responsesOf = (route: RouteAccess, declared: Responses = {}): Responses => {
  const always: Responses = problemAnswers(problemsOf(route));
  const both = Object.keys(always).filter((status) => declared[status] !== undefined);
  return {
    ...always,
    ...declared,
    ...Object.fromEntries(both.map((status) => [status, joined(declared[status], always[status])])),
  };
};

/** Two answers that are problems: a paragraph for each code. */
const joined = (one: unknown, other: unknown): unknown => {
  const paragraphs = [one, other].flatMap((answer) => (answer as { description: string }).description.split("\n\n"));
  return { ...(one as object), description: [...new Set(paragraphs)].join("\n\n") };
};

const withAccess = (schema: RouteSchema, route: RouteAccess): RouteSchema => {
  const { access } = route;
  const role = access === "loopback" ? "viewer" : access;
  const { description } = schema;
  return {
    ...schema,
    ...(access === "loopback" ? { security: [{ token: [] }, {}] } : {}),
    ...(role === "anyone"
      ? { security: [] }
      : {
          "x-role": role,
          description: `${description === undefined ? "" : `${description}\n\n`}Takes the role ${role}.`,
        }),
    response: responsesOf(route, schema.response),
  };
};

/** To be called before any route is added, and before the OpenAPI document is. */
export const declareAccess = (app: FastifyInstance): void => {
  app.addHook("onRoute", (route: RouteOptions) => {
    const schema = route.schema as RouteSchema | undefined;
    const { operationId } = schema ?? {};
    // A HEAD route takes over what was said of its GET.
    if (schema === undefined || operationId === undefined || route.config?.access !== undefined) return;
    const access = routeAccess[operationId] ?? administers;
    route.config = { ...route.config, ...access };
    route.schema = withAccess(schema, access) as NonNullable<RouteOptions["schema"]>;
  });
};
