-- The last switch-over to a projection that was made anew from the log, as long as it can be rolled back: one row at the
-- most. What it took away is in tables sluice_before_…, which each switch makes anew.
CREATE TABLE sluice_switch (
  id text COLLATE "C" PRIMARY KEY,
  consumer text COLLATE "C" NOT NULL,
  position text COLLATE "C" NOT NULL,
  added bigint NOT NULL,
  removed bigint NOT NULL,
  changed bigint NOT NULL,
  switched_at timestamptz NOT NULL DEFAULT now()
);
