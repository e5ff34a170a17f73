//! Leaves undefined what a run has not, in patterns and in conditions, so that no condition fails for it.

use std::sync::LazyLock;

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{Environment, Error, UndefinedBehavior};

use super::compare;
use super::environment::environment;

/// The filters that make nothing of what is not there. `default` is the one that does.
const FILTERS: &str = "abs attr bool capitalize chain count dictsort e escape first float format groupby int items join last length \
    lines list lower map max min reject rejectattr replace reverse round safe select selectattr slug sort split string sum title \
    trim unique upper zip";

/// Those for one text or number, for which the empty list that a part of nothing comes to (`tag[1:]`) is nothing.
const OF_ONE: &str = "abs capitalize float int lines lower replace round slug split string title trim upper";

/// The tests that ask for a text, which nothing has.
const TESTS: [&str; 2] = ["startingwith", "endingwith"];

/// What conditions are evaluated with. It is that of patterns, but for what is not there: filters come to nothing, and no test,
/// comparison or membership of it holds.
pub(super) fn of_conditions<'a>() -> Environment<'a> {
    static STRICT: LazyLock<Environment<'_>> = LazyLock::new(environment);
    static LENIENT: LazyLock<Environment<'_>> = LazyLock::new(|| {
        let mut lenient = environment();
        lenient.set_undefined_behavior(UndefinedBehavior::Chainable);
        for name in FILTERS.split(' ') {
            lenient.add_filter(name, move |values: Rest<Value>| {
                if values.iter().any(Value::is_undefined)
                    || values.first().is_some_and(|first| is_none_of(name, first))
                {
                    return Ok(Value::UNDEFINED);
                }
                STRICT.empty_state().apply_filter(name, &values)
            });
        }
        for name in TESTS {
            lenient.add_test(name, move |values: Rest<Value>| -> Result<bool, Error> {
                if values.iter().any(Value::is_undefined) {
                    return Ok(false);
                }
                STRICT.empty_state().perform_test(name, &values)
            });
        }
        lenient
    });
    LENIENT.clone()
}

/// Whether a value is a part of nothing.
fn is_none_of(filter: &str, value: &Value) -> bool {
    OF_ONE.split(' ').any(|one| one == filter) && value.kind() == ValueKind::Seq && value.len() == Some(0)
}

/// The condition with what is not there in the place of `none`, and with tests in that of `<` and the like, which hold of
/// nothing that is not there.
pub(super) fn asked_of_nothing(condition: &str) -> String {
    /// An expression that comes to nothing.
    const NOTHING: &str = "({}.none)";
    let condition = compare::as_tests(condition);
    let tokens = compare::tokens(&condition);
    let before = |at: usize, back: usize| at.checked_sub(back).map_or("", |at| tokens[at]);
    let mut text = String::new();
    let mut rest = condition.as_str();
    for (at, token) in tokens.iter().enumerate() {
        let is_test = before(at, 1) == "is" || before(at, 1) == "not" && before(at, 2) == "is";
        let is_name = before(at, 1) == "." || tokens.get(at + 1) == Some(&"=");
        if !matches!(*token, "none" | "None") || is_test || is_name {
            continue;
        }
        let place = token.as_ptr() as usize - rest.as_ptr() as usize;
        text.push_str(&rest[..place]);
        text.push_str(NOTHING);
        rest = &rest[place + token.len()..];
    }
    text + rest
}

#[cfg(test)]
mod absent {
    use super::super::{ImageNames, Words, holds, render};
    use super::*;
    use crate::facts::Facts;

    #[test]
    fn each_filter_is_known() {
        let strict = environment();
        for name in FILTERS.split(' ').chain(OF_ONE.split(' ')) {
            assert!(minijinja::tests::is_filter(&strict.empty_state(), name), "{name}");
        }
    }

    /// What a text asks in a run of the git tag `v1`, as a condition and as a pattern.
    fn truths(expression: &str) -> (Option<bool>, Option<bool>) {
        let facts = Facts {
            event: Some("push".into()),
            git_ref: Some("refs/tags/v1".into()),
            default_branch: Some("main".into()),
            ..Facts::default()
        };
        let facts = facts.with_ref_parts();
        let words = Words { version: None, facts: &&facts, image: ImageNames::default() };
        let shown = render(&format!("{{{{ 'yes' if {expression} else 'no' }}}}"), &words);
        let shown = shown.ok().flatten().map(|rendered| rendered.text == "yes");
        (holds(expression, &words).ok(), shown)
    }

    #[test]
    fn tests_of_one_value_say_the_same_in_patterns_and_conditions() {
        for (test, of_text) in [
            ("defined", true),
            ("undefined", false),
            ("none", false),
            ("string", true),
            ("lower", true),
            ("iterable", true),
            ("upper", false),
            ("boolean", false),
            ("true", false),
            ("false", false),
            ("number", false),
            ("integer", false),
            ("int", false),
            ("float", false),
            ("odd", false),
            ("even", false),
            ("sequence", false),
            ("mapping", false),
            ("safe", false),
            ("escaped", false),
            ("filter", false),
            ("test", false),
        ] {
            let of_nothing = ["undefined", "none"].contains(&test);
            for (word, expected) in [
                ("tag", of_text),
                ("branch", of_nothing),
                ("pr", of_nothing),
                ("head_branch", of_nothing),
                ("base_branch", of_nothing),
            ] {
                let asked = format!("{word} is {test}");
                assert_eq!(truths(&asked), (Some(expected), Some(expected)), "{asked}");
                let denied = format!("{word} is not {test}");
                assert_eq!(truths(&denied), (Some(!expected), Some(!expected)), "{denied}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_false_in_patterns_and_conditions() {
        for (asked, expected) in [
            ("not tag", false),
            ("not branch", true),
            ("(branch or tag) == 'v1'", true),
            ("(base_branch or branch or 'x') == 'x'", true),
            ("branch | default('') != ''", false),
            ("tag | default('') != ''", true),
            ("branch | d('x') == 'x'", true),
            ("tag or branch is defined", true),
        ] {
            assert_eq!(truths(asked), (Some(expected), Some(expected)), "{asked}");
        }
    }

    /// A pattern that needs what is not there has no tag; a condition tells that it does not hold.
    #[test]
    fn no_condition_fails_for_what_is_not_there() {
        for name in FILTERS.split(' ') {
            let asked = format!("(branch | {name}) is string");
            assert_eq!(truths(&asked).0, Some(false), "{asked}");
        }
        for name in OF_ONE.split(' ') {
            let asked = format!("(branch[:3] | {name}) is string");
            assert_eq!(truths(&asked).0, Some(false), "{asked}");
        }
        for (asked, expected) in [
            ("'release/' in branch", false),
            ("not ('release/' in branch)", true),
            ("'release/' not in branch", true),
            ("branch in ['main', 'dev']", false),
            ("branch not in ['main', 'dev']", true),
            ("'v' in tag or 'release/' in branch", true),
            ("'release/' in branch or tag", true),
            ("branch | length > 3", false),
            ("branch | length < 3", false),
            ("not (branch | length < 3)", true),
            ("branch[:2] | length > 0", false),
            ("3 >= branch | length", false),
            ("pr < 100", false),
            ("pr <= 100 or pr > 3", false),
            ("pr is lt(100)", false),
            ("1 < pr < 100", false),
            ("pr | int < 5", false),
            ("branch[1:] | int < 5", false),
            ("branch[0] == 'v'", false),
            ("branch[:2] == 'x'", false),
            ("(branch | split('/'))[0] == 'release'", false),
            ("(branch | split('/') | first) == 'release'", false),
            ("branch | slug == 'main'", false),
            ("branch | replace('/', '-') is startingwith('x')", false),
            ("branch is startingwith('')", false),
            ("branch is endingwith('x')", false),
            ("branch is in ['x']", false),
            ("'x' is in branch", false),
            ("branch == 'main'", false),
            ("branch != 'main'", true),
            ("branch == none", true),
            ("none == branch", true),
            ("branch != none", false),
            ("tag == none", false),
            ("branch in [none]", true),
            ("branch in tag", false),
            ("branch not in tag", true),
            ("tag in branch", false),
            ("branch in default_branch", false),
            ("branch in ('x' ~ tag)", false),
            ("branch is in tag", false),
            ("branch | lower in tag", false),
            ("'v' in tag", true),
            ("'v1' not in tag", false),
            ("not 'v' in tag", false),
            ("tag in ['v1', 'v2'] and 'v' in tag", true),
            ("branch == head_branch", false),
            ("not (branch == head_branch)", true),
            ("tag == tag", true),
            ("branch == default_branch", false),
            ("default_branch", false),
        ] {
            assert_eq!(truths(asked).0, Some(expected), "{asked}");
        }
    }

    #[test]
    fn no_mistake_hides_behind_what_is_not_there() {
        for asked in [
            "branch.name == 'x'",
            "tag or branch.name",
            "branch.startswith('x')",
            "(branch).name",
            "branch | nothing",
            "branch is nothing",
            "branch | length",
            "tag or 'x'",
            "branch or 0",
            "branch | default('x')",
        ] {
            assert_eq!(truths(asked).0, None, "{asked}");
        }
    }

    #[test]
    fn conditions_are_asked_of_nothing() {
        for (condition, expected) in [
            ("tag == none", "tag == ({}.none)"),
            ("None != tag and 'none' == branch", "({}.none) != tag and 'none' == branch"),
            ("tag is none or tag is not none", "tag is none or tag is not none"),
            ("not none", "not ({}.none)"),
            ("pr < 5", "((pr) is lt((5)))"),
            ("not (major | int >= 2 and branch)", "not (((major | int) is ge((2))) and branch)"),
            ("1 < pr < 5", "1 < pr < 5"),
            ("branch in tag", "((branch) is in((tag)))"),
            ("'x' not in branch and tag", "(not (('x') is in((branch)))) and tag"),
            ("not 'x' in (branch)", "not (('x') is in(((branch))))"),
            ("'a' in branch in tag", "'a' in branch in tag"),
            ("branch == head_branch or tag", "(branch == head_branch and branch is defined) or tag"),
            ("branch == 'in'", "branch == 'in'"),
            ("branch is in ['x'] or tag is not in(['y'])", "branch is in ['x'] or tag is not in(['y'])"),
            ("'a < b' == branch", "'a < b' == branch"),
            ("[pr < 5, tag == none][0]", "[((pr) is lt((5))), tag == ({}.none)][0]"),
        ] {
            assert_eq!(asked_of_nothing(condition), expected);
        }
    }
}
