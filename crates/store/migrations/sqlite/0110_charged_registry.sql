-- A bill names the registry also when that is gone.
ALTER TABLE charge ADD COLUMN registry_name TEXT NOT NULL DEFAULT '';
