/** The reads of the server's protocol that the store uses. */
import shared from "@eventstore/db-client/generated/shared_pb.js";
import streams, { type ReadReq } from "@eventstore/db-client/generated/streams_pb.js";
import { filterOptions, type ServerFilter } from "./log-filter.ts";
import type { Position } from "./position.ts";

const FORWARDS = 0;
const BACKWARDS = 1;

/** Events that the server looks at before it says how far it came. */
export const WINDOW = 500;

const empty = () => new shared.Empty();

const options = (): ReadReq.Options =>
  new streams.ReadReq.Options()
    .setResolveLinks(false)
    .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(empty()));

const request = (filled: ReadReq.Options): ReadReq => new streams.ReadReq().setOptions(filled);

const positionOf = ({ commit, prepare }: Position): ReadReq.Options.Position =>
  new streams.ReadReq.Options.Position().setCommitPosition(String(commit)).setPreparePosition(String(prepare));

/** All that the filter passes, from a position on, exclusive, and what is committed later, without an end. */
export const subscription = (filter: ServerFilter, after: Position | null): ReadReq => {
  const all = new streams.ReadReq.Options.AllOptions();
  if (after === null) all.setStart(empty());
  else all.setPosition(positionOf(after));
  return request(
    options()
      .setAll(all)
      .setReadDirection(FORWARDS)
      .setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
      .setFilter(filterOptions(filter, WINDOW)),
  );
};

/** So many that the filter passes, from a position on, inclusive; null for the beginning. */
export const forwards = (filter: ServerFilter, from: Position | null, count: number): ReadReq => {
  const all = new streams.ReadReq.Options.AllOptions();
  if (from === null) all.setStart(empty());
  else all.setPosition(positionOf(from));
  return request(
    options().setAll(all).setReadDirection(FORWARDS).setCount(String(count)).setFilter(filterOptions(filter, WINDOW)),
  );
};

/** Backwards from a position, exclusive; null for the end. Without a filter, everything. */
export const backwards = (filter: ServerFilter | null, before: Position | null, count: number): ReadReq => {
  const all = new streams.ReadReq.Options.AllOptions();
  if (before === null) all.setEnd(empty());
  // What ends at a position comes before it. A checkpoint may have another position of the prepare, which would leave
  // the event before it out.
  else all.setPosition(positionOf({ commit: before.commit, prepare: before.commit }));
  const filled = options().setAll(all).setReadDirection(BACKWARDS).setCount(String(count));
  return request(filter ? filled.setFilter(filterOptions(filter, WINDOW)) : filled.setNoFilter(empty()));
};

/** Of one stream, from a revision on, inclusive; null for the end that is read from. */
export const ofStream = (name: string, from: number | null, count: number, isBackwards: boolean): ReadReq => {
  const stream = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(
    new shared.StreamIdentifier().setStreamName(Buffer.from(name)),
  );
  if (from !== null) stream.setRevision(String(from));
  else if (isBackwards) stream.setEnd(empty());
  else stream.setStart(empty());
  return request(
    options()
      .setStream(stream)
      .setReadDirection(isBackwards ? BACKWARDS : FORWARDS)
      .setCount(String(count))
      .setNoFilter(empty()),
  );
};
