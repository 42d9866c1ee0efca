/** The live tail. */
export { LiveClient } from "./live-client.ts";
export { LiveFeed, type LiveReader } from "./live-feed.ts";
