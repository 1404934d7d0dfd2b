-- When a job that runs was asked for again: the run that follows is for what was asked then.
ALTER TABLE job ADD COLUMN again_at INTEGER;
