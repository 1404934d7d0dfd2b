//! Portable executables: the resources of assemblies of .NET.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files_of("pe", bytes));
