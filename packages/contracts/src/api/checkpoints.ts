/** Signed heads of the Merkle tree over the event log. */
import { type Static, Type } from "typebox";
import { Instant, Nullable, Paging, page, ref, strict } from "./shared.ts";

export const CheckpointView = Type.Object(
  {
    origin: Type.String({ description: "Names the tree, and is the name of its key." }),
    size: Type.Integer({ minimum: 0, description: "Events that it covers, from the first one of the log." }),
    position: Nullable(Type.String(), { description: "How far in the log that is; null: nothing was sealed yet." }),
    root: Type.String({ description: "Root of the tree (RFC 6962), base64." }),
    time: Instant,
    note: Type.String({
      description: "All of that signed with Ed25519, as a C2SP checkpoint: this text is what is kept elsewhere.",
    }),
    key: Type.String({ description: "The public key that it is signed with: <name>+<key id>+<base64>." }),
  },
  { $id: "Checkpoint" },
);
export type CheckpointView = Static<typeof CheckpointView>;

export const CheckpointPage = page(ref(CheckpointView), "CheckpointPage");
export const CheckpointQuery = Type.Object(Paging, strict);
