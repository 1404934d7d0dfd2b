//! Lua.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "lua",
    files: &["lua", "lua5.*", "liblua5.*.so*", "liblua.so*"],
    signs: &[r"\$Lua(?:Version)?: Lua ([0-9]+\.[0-9]+\.[0-9]+)", r"Lua ([0-9]+\.[0-9]+\.[0-9]+)  Copyright"],
    sample: (b"$LuaVersion: Lua 5.4.4  Copyright (C) 1994-2022 Lua.org, PUC-Rio $", "5.4.4"),
};
