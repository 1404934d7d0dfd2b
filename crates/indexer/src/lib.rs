//! Extractors: from the bytes of a layer to its inventory, only ever inside the jail.
