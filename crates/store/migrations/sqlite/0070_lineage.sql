-- The layers of each image, bottom first, with the build step that made each.
-- `chain` names a layer together with everything below it, as the image specification defines it: two images with the
-- same chain have the same files up to there. It is '' where the configuration does not fit the manifest.
CREATE TABLE image_layer (
    image  INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,   -- from 0
    layer  TEXT NOT NULL,
    chain  TEXT NOT NULL,
    top    INTEGER NOT NULL,   -- 1 for the last layer of its image
    step   TEXT,
    PRIMARY KEY (image, number)
) STRICT, WITHOUT ROWID;
-- By it an image is found whose layers are the beginning of another's.
CREATE INDEX image_layer_top ON image_layer (chain, image) WHERE top = 1 AND chain <> '';

-- What an image says of its own base. Nobody else vouches for it.
CREATE TABLE image_claimed_base (
    image  INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    name   TEXT,
    digest TEXT
) STRICT;
