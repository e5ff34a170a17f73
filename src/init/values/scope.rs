//! What the expressions of a job mean: its environment, matrix, inputs and the outputs of steps before.

use std::rc::Rc;

use super::expression::{Expression, parts, shown};
use super::moment::{Answers, Fact, Moment};
use super::ref_parts;
use super::text::{Choice, Condition, Meta, Piece, Template, is_name};
use super::value::{Value, call, equal};
use super::when;
use super::written::{Artifact, MetaFile, WrittenFile};
use crate::init::repository::world::World;

/// How far environment variables, inputs and outputs may refer to each other.
const MAX_DEPTH: usize = 12;

/// How many bytes are as much work as a step.
const BYTES: usize = 16;

/// What stands for what is not read because there is too much of it.
const UNREAD: &str = "…";

/// An output of a step or a job.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Of a script.
    Value(Template),
    /// A text of JSON, with what is known of its members.
    Json(Vec<(String, Template)>),
    /// Of docker/metadata-action, all of it.
    Meta(Rc<Meta>),
    /// Of a job: an expression in the scope of that job.
    OfJob(String, Rc<Scope>),
}

/// What the expressions of a job mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// What is known of the repository.
    pub world: Rc<World>,
    /// Environment variables as they are written; a later one wins.
    pub env: Vec<(String, String)>,
    /// The same of what scripts set, which is known already.
    pub set: Vec<(String, Template)>,
    /// The files that scripts have written.
    pub files: Vec<WrittenFile>,
    /// Bake files of docker/metadata-action that are in the job.
    pub carried: Vec<MetaFile>,
    /// The same in artifacts of the run.
    pub artifacts: Vec<Artifact>,
    /// The row of the matrix.
    pub matrix: Option<Value>,
    /// The inputs of a called workflow or of a manual start, as they are written.
    pub inputs: Vec<(String, String)>,
    /// Whether it is of a workflow or an action that another one calls.
    pub is_called: bool,
    /// Whether it is of an action, whose inputs are texts.
    pub is_action: bool,
    /// Where the expressions in the inputs belong.
    pub caller: Option<Rc<Self>>,
    /// The steps so far, by their ids, with their outputs by name; docker/metadata-action has all under an empty name.
    pub steps: Vec<(String, Vec<(String, Output)>)>,
    /// The jobs before, in the same way.
    pub needs: Vec<(String, Vec<(String, Output)>)>,
    /// In which examples these jobs run.
    pub results: Vec<(String, Answers)>,
}

impl Scope {
    /// What a copy of it takes.
    pub(crate) fn weight(&self) -> usize {
        let written = self.env.iter().chain(&self.inputs).map(|(_, value)| 1 + value.len() / 256);
        let set = self.set.iter().map(|(_, value)| 1 + value.length() / 256);
        let outputs = self.steps.iter().chain(&self.needs).map(|(_, outputs)| 1 + outputs.len());
        written.chain(set).chain(outputs).sum()
    }

    /// A text with expressions in it.
    pub(crate) fn template(&self, text: &str) -> Template {
        self.template_at(text, None, 0)
    }

    /// The same in an example of a run.
    pub(crate) fn template_at(&self, text: &str, moment: Option<Moment>, depth: usize) -> Template {
        let mut template = Template::default();
        if !self.world.work.spend(1 + text.len() / BYTES) {
            return Template::unknown(UNREAD);
        }
        for part in parts(text) {
            match part {
                Ok(text) => template.push(Piece::Text(text.to_owned())),
                Err(written) => {
                    let value = self.written(written, moment, depth).into_text();
                    self.world.work.spend(value.length() / BYTES);
                    template.extend(value);
                }
            }
        }
        template
    }

    /// A value as YAML has it: an expression alone keeps its type.
    pub(crate) fn value(&self, text: &str, moment: Option<Moment>) -> Value {
        match parts(text).as_slice() {
            [Err(written)] => self.written(written, moment, 0),
            _ => Value::Text(self.template_at(text, moment, 0)),
        }
    }

    /// What an input says: a text is `true` or `false`.
    pub(crate) fn condition(&self, text: &str) -> Condition {
        self.judged(text, |text| text == "true" || (!text.is_empty() && text != "false"), false)
    }

    /// What `if:` says, which needs no braces: any text counts as true, also `false`.
    pub(crate) fn condition_of_if(&self, text: &str) -> Condition {
        let all = parts(text);
        let has_text = all.iter().any(|part| part.is_ok_and(|text| !text.trim().is_empty()));
        if has_text && all.iter().any(Result::is_err) {
            // With text beside braces, it is a text, which is never empty.
            return Condition { written: text.to_owned(), ..Condition::fixed(true) };
        }
        self.judged(text, |text| !text.is_empty(), true)
    }

    fn judged(&self, text: &str, holds: impl Fn(&str) -> bool, is_if: bool) -> Condition {
        // As YAML 1.2 has them.
        let text = match text.trim() {
            "True" | "TRUE" => "true",
            "False" | "FALSE" => "false",
            other => other,
        };
        let written = match parts(text).as_slice() {
            [Err(written)] => (*written).to_owned(),
            _ => text.to_owned(),
        };
        let parsed = Expression::parse(&written);
        self.of_parsed(parsed, written, holds, is_if)
    }

    fn of_parsed(
        &self,
        parsed: Option<Expression>,
        written: String,
        holds: impl Fn(&str) -> bool,
        is_if: bool,
    ) -> Condition {
        let ask = |moment| {
            let value = self.evaluate(parsed.as_ref()?, Some(moment), 0);
            match &value {
                Value::Text(text) => text.constant().map(|text| holds(&text)),
                other => other.is_true(),
            }
        };
        // Branches that are not there are as the default one is.
        let on_branch = ask(Moment::Branch);
        let is_there = |at: usize| at < self.world.other_branches.len();
        let answers = Answers::of(|moment| match moment {
            Moment::Branch => on_branch,
            Moment::OtherBranch(at) if !is_there(at) => on_branch,
            other => ask(other),
        });
        let parsed = parsed.map(|parsed| match parsed {
            // An input has the value itself.
            Expression::Path(path) if !is_if => self.decision(&path).unwrap_or(Expression::Path(path)),
            other => self.with_decisions(other),
        });
        let when = parsed.and_then(|parsed| when::of(&parsed, &|inner, moment| self.in_words(inner, moment)));
        Condition::new(written, answers, when)
    }

    /// A value of a condition that is said in our words.
    fn in_words(&self, expression: &Expression, moment: Option<Moment>) -> Value {
        match self.evaluate(expression, moment, 0) {
            Value::Text(text) => Value::Text(ref_parts::plain(&text, (true, true), &self.world)),
            other => other,
        }
    }

    /// `CONDITION && THEN || OTHER`, where a plan can say the condition.
    fn choice(&self, left: &Expression, right: &Expression, depth: usize) -> Option<Template> {
        let Expression::Binary("&&", condition, then) = left else { return None };
        let is_there = |piece: &Piece| match piece {
            Piece::Text(_) | Piece::Repository | Piece::Owner | Piece::Name => true,
            Piece::Fact(fact) => !fact.may_lack(),
            _ => false,
        };
        let side = |side| match self.evaluate(side, None, depth + 1) {
            Value::Text(text) if text.unknown_parts().is_empty() => Some(text),
            _ => None,
        };
        // What is empty counts as false.
        let then = side(then).filter(|text| text.0.iter().any(is_there))?;
        let other = side(right)?;
        let condition =
            self.of_parsed(Some((**condition).clone()), shown(condition), |text| !text.is_empty(), true);
        let when = condition.when.clone()?;
        Some(Template(vec![Piece::Choice(Rc::new(Choice { when, condition, then, other }))]))
    }

    /// What an environment variable is that says whether something holds.
    fn decision(&self, path: &[String]) -> Option<Expression> {
        let [root, name] = path else { return None };
        if root == "inputs" && self.is_action {
            let (_, written) =
                self.inputs.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            let parts = parts(written);
            let [Err(written)] = parts.as_slice() else { return None };
            let is_of_run = |path: &[String]| path.first().is_some_and(|root| root == "github");
            return Expression::parse(written).filter(is_decision).filter(|one| one.has_only(&is_of_run));
        }
        if root != "env" || self.set.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return None;
        }
        let (_, written) = self.env.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        let parts = parts(written);
        let [Err(written)] = parts.as_slice() else { return None };
        Expression::parse(written).filter(is_decision)
    }

    /// A condition in which variables that say whether something holds are that: they are the texts `true` and `false`.
    fn with_decisions(&self, condition: Expression) -> Expression {
        match condition {
            Expression::Not(inner) => Expression::Not(Box::new(self.with_decisions(*inner))),
            Expression::Binary(operator @ ("&&" | "||"), left, right) => Expression::Binary(
                operator,
                Box::new(self.with_decisions(*left)),
                Box::new(self.with_decisions(*right)),
            ),
            Expression::Binary(operator @ ("==" | "!="), left, right) => {
                let of = |path: &Expression, text: &Expression| match (path, text) {
                    (Expression::Path(path), Expression::Text(text)) => {
                        let decision = self.decision(path)?;
                        Some(match text.to_ascii_lowercase().as_str() {
                            "true" => decision,
                            "false" => Expression::Not(Box::new(decision)),
                            _ => Expression::Bool(false),
                        })
                    }
                    _ => None,
                };
                match of(&left, &right).or_else(|| of(&right, &left)) {
                    Some(decision) if operator == "!=" => Expression::Not(Box::new(decision)),
                    Some(decision) => decision,
                    None => Expression::Binary(operator, left, right),
                }
            }
            Expression::Path(path) if self.decision(&path).is_some() => Expression::Bool(true),
            other => other,
        }
    }

    /// Whether a value is an input of a workflow that nothing calls, which is empty where nobody gives it.
    pub(in crate::init) fn is_input(&self, value: &Value) -> bool {
        let is_of_run =
            |written: &str| written.starts_with("inputs.") || written.starts_with("github.event.inputs.");
        !self.is_called && matches!(value, Value::Unknown(written) if is_of_run(written))
    }

    fn written(&self, written: &str, moment: Option<Moment>, depth: usize) -> Value {
        if !self.world.work.spend(1 + written.len() / BYTES) {
            return Value::Unknown(UNREAD.to_owned());
        }
        match Expression::parse(written) {
            Some(parsed) => self.evaluate(&parsed, moment, depth),
            None => Value::Unknown(written.to_owned()),
        }
    }

    fn evaluate(&self, expression: &Expression, moment: Option<Moment>, depth: usize) -> Value {
        let unknown = || {
            let written = shown(expression);
            self.world.work.spend(written.len() / BYTES);
            Value::Unknown(written)
        };
        if depth > MAX_DEPTH || !self.world.work.spend(1) {
            return unknown();
        }
        let inner = |expression| self.evaluate(expression, moment, depth);
        match expression {
            Expression::Null => Value::Null,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Number(value) => Value::Number(*value),
            Expression::Text(text) => Value::text(text),
            Expression::Path(path) => self.path(path, moment, depth).unwrap_or_else(unknown),
            Expression::Member(of, name) => match inner(of) {
                Value::Unknown(_) => unknown(),
                value => value.member(name).cloned().unwrap_or(Value::Null),
            },
            Expression::Not(operand) => {
                inner(operand).is_true().map_or_else(unknown, |value| Value::Bool(!value))
            }
            Expression::Binary(operator, left, right) => match *operator {
                "&&" => {
                    let left = inner(left);
                    match left.is_true() {
                        Some(true) => inner(right),
                        Some(false) => left,
                        None if inner(right).is_true() == Some(false) => Value::Bool(false),
                        None => unknown(),
                    }
                }
                "||" => {
                    let written = left;
                    let left = inner(left);
                    match left.is_true() {
                        Some(true) => left,
                        Some(false) => inner(right),
                        None if matches!(inner(right), Value::Bool(true)) => Value::Bool(true),
                        // A fact of the run, and what stands in for it where it is absent.
                        // Only a run that somebody starts has inputs.
                        None if self.is_input(&left) => inner(right),
                        None => match (left, inner(right)) {
                            (Value::Text(left), Value::Text(right)) => {
                                left.or(right).map_or_else(unknown, Value::Text)
                            }
                            (Value::Unknown(_), _) if moment.is_none() => {
                                let choice = self.choice(written, right, depth);
                                choice.map_or_else(unknown, Value::Text)
                            }
                            _ => unknown(),
                        },
                    }
                }
                "==" | "!=" => {
                    let is_here =
                        self.world.repository.is_none() && expression.has_only(&when::is_of_repository);
                    let is_equal = if is_here {
                        // What a workflow calls its own repository.
                        Some(true)
                    } else {
                        equal(&inner(left), &inner(right)).or_else(|| of_actor(left, right))
                    };
                    is_equal.map_or_else(unknown, |is_equal| Value::Bool(is_equal == (*operator == "==")))
                }
                _ => unknown(),
            },
            Expression::Call(name, arguments) => {
                let values: Vec<Value> = arguments.iter().map(inner).collect();
                call(name, &values).unwrap_or_else(unknown)
            }
        }
    }

    /// What a name stands for; `None` when that cannot be known.
    fn path(&self, path: &[String], moment: Option<Moment>, depth: usize) -> Option<Value> {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let (root, rest) = words.split_first()?;
        match (*root, rest) {
            ("github", rest) => self.github(rest, moment),
            ("env", [name]) => self.variable(name, moment, depth),
            ("matrix", []) => self.matrix.clone(),
            ("matrix", rest) => {
                let mut value = self.matrix.as_ref()?;
                for name in rest {
                    match value.member(name) {
                        Some(member) => value = member,
                        // A row without that value, of which nothing is unknown.
                        None if matches!(value, Value::Map(_)) => return Some(Value::Null),
                        None => return None,
                    }
                }
                match value {
                    Value::Text(text) => Some(Value::Text(
                        text.constant()
                            .map_or(text.clone(), |text| self.template_at(&text, moment, depth + 1)),
                    )),
                    other => Some(other.clone()),
                }
            }
            ("inputs", [name]) => {
                let given = self.inputs.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
                let Some((_, written)) = given else {
                    // Only a run that somebody starts has inputs.
                    return moment.filter(|_| !self.is_called).map(|_| Value::Null);
                };
                let scope = self.caller.as_deref().unwrap_or(self);
                Some(match parts(written).as_slice() {
                    [Err(written)] => match scope.written(written, moment, depth + 1) {
                        value @ (Value::Bool(_) | Value::Number(_)) if self.is_action => {
                            Value::Text(value.into_text())
                        }
                        value => value,
                    },
                    _ if self.is_action => Value::Text(scope.template_at(written, moment, depth + 1)),
                    _ if written == "true" => Value::Bool(true),
                    _ if written == "false" => Value::Bool(false),
                    _ => Value::Text(scope.template_at(written, moment, depth + 1)),
                })
            }
            // Its name becomes that of a variable.
            ("vars" | "secrets", [name]) if !is_name(name) => None,
            ("vars", [name]) => Some(Value::piece(Piece::Setting((*name).to_owned(), false))),
            ("secrets", [name]) => Some(Value::piece(Piece::Setting((*name).to_owned(), true))),
            ("steps", [id, "outputs", name]) => output(&self.steps, id, name, (moment, depth), &self.world),
            ("needs", ["*", "result"]) => {
                Some(Value::List(self.results.iter().filter_map(|(_, runs)| result(*runs, moment)).collect()))
            }
            ("needs", [job, "result"]) => {
                let (_, runs) = self.results.iter().find(|(known, _)| known.eq_ignore_ascii_case(job))?;
                result(*runs, moment)
            }
            ("steps", [_, "outcome" | "conclusion"]) => Some(Value::text("success")),
            ("needs", [job, "outputs", name]) => output(&self.needs, job, name, (moment, depth), &self.world),
            _ => None,
        }
    }

    /// The value of an environment variable.
    pub(crate) fn variable(&self, name: &str, moment: Option<Moment>, depth: usize) -> Option<Value> {
        if let Some((_, value)) = self.set.iter().rev().find(|(known, _)| known == name) {
            return Some(at(value, moment, &self.world));
        }
        if let Some((_, written)) = self.env.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return Some(match parts(written).as_slice() {
                // It is a text, whatever is written.
                [Err(written)] => match self.written(written, moment, depth + 1) {
                    value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => {
                        Value::Text(value.into_text())
                    }
                    other => other,
                },
                _ => Value::Text(self.template_at(written, moment, depth + 1)),
            });
        }
        let of_github = name.strip_prefix("GITHUB_")?.to_ascii_lowercase();
        self.github(&[of_github.as_str()], moment)
    }

    fn github(&self, rest: &[&str], moment: Option<Moment>) -> Option<Value> {
        let fact = match rest {
            ["repository"] | ["event", "repository", "full_name"] => {
                return Some(self.piece(Piece::Repository, moment));
            }
            ["repository_owner"] | ["event", "repository", "owner", "login"] => {
                return Some(self.piece(Piece::Owner, moment));
            }
            ["event", "repository", "name"] => return Some(self.piece(Piece::Name, moment)),
            ["event", "repository", "default_branch"] => Fact::DefaultBranch,
            ["event", "repository", "fork"] => return Some(Value::Bool(false)),
            ["event_name"] => Fact::Event,
            ["run_number"] => Fact::RunNumber,
            ["ref"] => Fact::Ref,
            ["ref_name"] => Fact::RefName,
            ["ref_type"] => {
                let is_of_tag = |moment| matches!(moment, Moment::Tag | Moment::Release);
                let of = |is_of_tag| if is_of_tag { "tag" } else { "branch" };
                return Some(match moment {
                    Some(moment) => Value::text(of(is_of_tag(moment))),
                    None => {
                        let answers = Answers::of(|moment| Some(is_of_tag(moment)));
                        let written = "github.ref_type == 'tag'".to_owned();
                        Value::piece(Piece::Choice(Rc::new(Choice {
                            when: "tag".to_owned(),
                            condition: Condition::new(written, answers, Some("tag".to_owned())),
                            then: Template::from(of(true)),
                            other: Template::from(of(false)),
                        })))
                    }
                });
            }
            ["sha"] | ["event", "after"] => Fact::Commit(None),
            ["head_ref"] | ["event", "pull_request", "head", "ref"] => Fact::HeadBranch,
            ["base_ref"] | ["event", "pull_request", "base", "ref"] => Fact::BaseBranch,
            ["event", "number"] | ["event", "pull_request", "number"] => Fact::PullRequest,
            ["event", "release", "tag_name"] => Fact::Tag,
            ["event", "release", "draft"] => return Some(Value::Bool(false)),
            ["event", "release", "prerelease"] => {
                return moment
                    .map(|moment| if moment == Moment::Release { Value::Bool(false) } else { Value::Null });
            }
            ["event", "pull_request", "head", "repo", name @ ("full_name" | "fork")] => {
                return moment.map(|moment| match (moment, *name) {
                    (Moment::PullRequest, "full_name") => self.piece(Piece::Repository, Some(moment)),
                    (Moment::PullRequest, _) => Value::Bool(false),
                    _ => Value::Null,
                });
            }
            ["event", "action"] => {
                return match moment? {
                    Moment::Branch
                    | Moment::OtherBranch(_)
                    | Moment::Schedule
                    | Moment::Tag
                    | Moment::Made => Some(Value::Null),
                    Moment::Release => Some(Value::text("published")),
                    Moment::PullRequest => Some(Value::text("opened")),
                };
            }
            ["server_url"] => return Some(Value::text("https://github.com")),
            // Of runs that publish: those for Dependabot and for forks have others or none.
            ["secret_source"] => {
                let is_of_fork = moment == Some(Moment::PullRequest);
                return (!is_of_fork).then(|| Value::text("Actions"));
            }
            ["workspace"] => return Some(Value::text(".")),
            // What only other events have is empty.
            ["event", "inputs" | "client_payload" | "schedule", ..] => {
                return moment.map(|_| Value::Null);
            }
            _ => return None,
        };
        Some(match moment {
            None => Value::fact(fact),
            Some(moment) => match moment.fact(&fact, &self.world) {
                Some(text) => Value::text(&text),
                None => Value::Null,
            },
        })
    }

    fn piece(&self, piece: Piece, moment: Option<Moment>) -> Value {
        at(&Template(vec![piece]), moment, &self.world)
    }
}

/// Whether an expression is true or false, and nothing else.
pub(in crate::init) fn is_decision(expression: &Expression) -> bool {
    match expression {
        Expression::Bool(_) | Expression::Not(_) => true,
        Expression::Binary("&&" | "||", left, right) => is_decision(left) && is_decision(right),
        Expression::Binary(..) => true,
        Expression::Call(name, _) => {
            matches!(
                name.as_str(),
                "contains" | "startswith" | "endswith" | "always" | "success" | "failure" | "cancelled"
            )
        }
        _ => false,
    }
}

/// How a job ends where nothing fails.
fn result(runs: Answers, moment: Option<Moment>) -> Option<Value> {
    let is_run = moment.map_or(Some(true), |moment| runs.at(moment))?;
    Some(Value::text(if is_run { "success" } else { "skipped" }))
}

/// Whether it is a bot who started the run: in the examples, a person did.
fn of_actor(left: &Expression, right: &Expression) -> Option<bool> {
    let is_actor = |one: &Expression| matches!(one, Expression::Path(path) if path.join(".") == "github.actor" || path.join(".") == "github.triggering_actor");
    let is_bot = |one: &Expression| matches!(one, Expression::Text(name) if name.ends_with("[bot]"));
    (is_actor(left) && is_bot(right) || is_bot(left) && is_actor(right)).then_some(false)
}

/// A text, in an example of a run if there is one.
fn at(text: &Template, moment: Option<Moment>, world: &World) -> Value {
    match moment {
        None => Value::Text(text.clone()),
        Some(moment) => match text.at(moment, world) {
            Some(known) => Value::text(&known),
            None => match text.0.as_slice() {
                // A fact that the run lacks.
                [Piece::Fact(fact)] if fact.may_lack() => Value::Null,
                _ => Value::Text(text.clone()),
            },
        },
    }
}

fn output(
    of: &[(String, Vec<(String, Output)>)],
    id: &str,
    name: &str,
    (moment, depth): (Option<Moment>, usize),
    world: &World,
) -> Option<Value> {
    let (_, outputs) = of.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(id))?;
    let named = outputs.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, output) = named.or_else(|| outputs.iter().find(|(known, _)| known.is_empty()))?;
    Some(match output {
        Output::Value(text) => at(text, moment, world),
        Output::Json(members) => {
            let member = |(name, text): &(String, Template)| (name.clone(), at(text, moment, world));
            Value::Map(members.iter().map(member).collect())
        }
        Output::Meta(meta) => Value::piece(Piece::Meta(Rc::clone(meta), name.to_owned())),
        Output::OfJob(written, scope) => match parts(written).as_slice() {
            [Err(written)] => scope.written(written, moment, depth + 1),
            _ => Value::Text(scope.template_at(written, moment, depth + 1)),
        },
    })
}
