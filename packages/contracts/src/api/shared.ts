/**
 * The schemas in this folder are the bodies and queries of the admin API: they validate, type the handlers and make the
 * OpenAPI document. Here is what those of several resources are made with.
 */
import { type Static, type TSchema, Type } from "typebox";

export const Instant = Type.String({ format: "date-time" });
export const Nullable = <T extends TSchema>(schema: T, options = {}) => Type.Union([schema, Type.Null()], options);

/** Refers to a named schema, which is one component of the OpenAPI document wherever it is used. */
export const ref = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Static<T>>(Type.Ref(`${(schema as { $id?: string }).$id}#`));

export const strict = { additionalProperties: false } as const;
export const Paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "Items at the most." })),
  after: Type.Optional(Type.String({ minLength: 1, description: "The `next` of the page before." })),
};
export const Order = (first: string) =>
  Type.Optional(
    Type.Union([Type.Literal("asc"), Type.Literal("desc")], { default: "asc", description: `asc: ${first} first.` }),
  );
export const page = <T extends TSchema>(items: T, $id: string) =>
  Type.Object(
    {
      items: Type.Array(items),
      next: Nullable(Type.String(), {
        description:
          "Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than " +
          "`limit`, even none, and still have a `next`: a server does not search or collect without end.",
      }),
    },
    { $id },
  );

/** RFC 9110, section 13.1. */
export const IfMatch = Type.Optional(
  Type.String({
    minLength: 1,
    description: "Only if the flow is at one of these versions: ETags, or `*` for any.",
    examples: ['"3"'],
  }),
);
export const IfNoneMatch = Type.Optional(
  Type.String({
    minLength: 1,
    description: "Only if the flow is at none of these versions: ETags; `*`: only if there is no such flow.",
    examples: ['"2"'],
  }),
);

/** RFC 3339 with a zone, or a date; the handler parses it. */
export const TimeBound = (description: string) =>
  Type.String({ description, examples: ["2026-01-31", "2026-01-31T12:00:00.000Z"] });
export const timeRange = (of: string) => ({
  from: Type.Optional(TimeBound(`Earliest ${of}, inclusive; a date is the start of that day (UTC).`)),
  to: Type.Optional(TimeBound(`Latest ${of}, inclusive; a date is the last instant of that day (UTC).`)),
});
