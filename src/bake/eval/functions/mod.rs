//! The standard functions of Bake, one file per family.
//!
//! The list is buildx's `bake/hclparser/stdlib.go`; what each does is go-cty's `function/stdlib` unless said otherwise.
//! Arguments arrive converted to the parameter types and checked for null, so a function sees only values that
//! its parameters promise.

mod collections;
pub(crate) mod encoding;
mod format;
mod function;
mod hash;
mod json;
mod json_typed;
mod logic;
mod mappings;
mod net;
mod numbers;
pub(super) mod paths;
mod regex;
mod regex_names;
mod regex_syntax;
mod rsa;
mod semver;
mod sets;
mod strings;
#[cfg(test)]
mod testing;
mod time;

pub use function::Ambient;
pub(crate) use function::{
    ArgumentError, Family, Function, FunctionError, Implementation, fixed, nullable, param, variadic,
};
pub(crate) use json_typed::{from_json_as, to_json};

use std::collections::BTreeMap;
use std::sync::Arc;

/// All standard functions by name. `can`, `try` and `convert` are special forms of the evaluator, not listed here.
#[must_use]
pub(crate) fn standard() -> BTreeMap<&'static str, Arc<Function>> {
    let families: [Family; 15] = [
        collections::family(),
        encoding::family(),
        format::family(),
        hash::family(),
        json::family(),
        logic::family(),
        mappings::family(),
        net::family(),
        numbers::family(),
        paths::family(),
        regex::family(),
        semver::family(),
        sets::family(),
        strings::family(),
        time::family(),
    ];
    families.into_iter().flatten().map(|(name, function)| (name, Arc::new(function))).collect()
}
