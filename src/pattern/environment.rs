//! Sets up what patterns and conditions are evaluated with.

use std::sync::LazyLock;

use minijinja::value::{Value, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, escape_formatter, tests,
};

use super::slug::slug;
use super::{bounds, compare};

/// What a pattern may do at most, in the steps of the template language.
const FUEL: u64 = 10_000;

/// What all patterns are rendered with, which takes time to be made.
pub(super) fn environment<'a>() -> Environment<'a> {
    static LIMITED: LazyLock<Environment<'_>> = LazyLock::new(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_formatter(|out, state, value| match value.kind() {
            // They would be the texts `True` and `None`.
            ValueKind::Bool | ValueKind::None => {
                let message = format!("`{{{{ … }}}}` comes to `{value}`, which is not a text");
                Err(Error::new(ErrorKind::InvalidOperation, message))
            }
            _ => escape_formatter(out, state, value),
        });
        environment.add_filter("slug", slug);
        bounds::limit(&mut environment);
        compare::guard(&mut environment);
        say_the_same(&mut environment);
        environment
    });
    LIMITED.clone()
}

/// Lets the tests of one value say the same of what is not there: it is neither of any kind nor defined, and it is `none`.
fn say_the_same(environment: &mut Environment<'_>) {
    environment.add_test("none", |value: &Value| value.is_undefined() || value.is_none());
    environment.add_test("sequence", |value: &Value| !value.is_undefined() && tests::is_sequence(value));
    environment.add_test("iterable", |value: &Value| !value.is_undefined() && tests::is_iterable(value));
    environment.add_test("filter", |state: &State<'_, '_>, value: &Value| {
        value.as_str().is_some_and(|name| tests::is_filter(state, name))
    });
    environment.add_test("test", |state: &State<'_, '_>, value: &Value| {
        value.as_str().is_some_and(|name| tests::is_test(state, name))
    });
}
