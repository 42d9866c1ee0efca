/**
 * Snapshots are a cache: losing one costs time at the next start, never data. A snapshot that cannot be read or was
 * written by another schema version is as good as none.
 */
export interface Snapshot {
  /** The fold of everything up to and including this position of the log. */
  readonly position: string;
  readonly schemaVersion: number;
  readonly state: unknown;
}

export interface SnapshotStore {
  load(name: string): Promise<Snapshot | null>;
  save(name: string, snapshot: Snapshot): Promise<void>;
}
