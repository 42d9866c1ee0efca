/** What reading the tables of flows and brokers again has come to. */
import { type Static, Type } from "typebox";
import { ValidationError } from "../events.ts";
import { Nullable } from "./shared.ts";

const Codes = Type.Array(Type.String());
const Names = Type.Array(Type.String());
const Row = Type.Record(Type.String(), Nullable(Type.String()));

export const ReloadResult = Type.Object(
  {
    flows: Type.Object({
      defined: Codes,
      revised: Codes,
      enabled: Codes,
      disabled: Codes,
      retired: Codes,
      refused: Type.Array(Type.Object({ code: Type.String(), errors: Type.Array(ValidationError) }), {
        description: "Rows that make no flow, with the columns that are at fault. Their flows stay as they are.",
      }),
      overruled: Type.Array(
        Type.Object({ code: Type.String(), row: Nullable(Row, { description: "Null: the row had been deleted." }) }),
        {
          description:
            "Edits since the last reload that gave way, because their flows were changed elsewhere before they were read.",
        },
      ),
    }),
    brokers: Type.Object({ started: Names, replaced: Names, stopped: Names, unchanged: Names }),
  },
  { $id: "ReloadResult" },
);
export type ReloadResult = Static<typeof ReloadResult>;
