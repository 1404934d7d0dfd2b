//! The tables of Resource Graph over the store, with the caller's rights below every operator.
