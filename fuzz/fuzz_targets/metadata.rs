#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bakeplan_fuzz::run(bytes, bakeplan_fuzz::metadata));
