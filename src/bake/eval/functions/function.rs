//! A standard function: its parameters, its code, and how it is called.

use crate::bake::values::convert::convert;
use crate::bake::values::{Mark, Marks, Type, Value};

/// What a function may ask of the world outside the Bake file.
pub struct Ambient {
    /// The present time as RFC 3339 in UTC with seconds; called at most once a run, only when an expression asks.
    pub now: Box<dyn Fn() -> String>,
    /// Sixteen random bytes.
    pub random: Box<dyn Fn() -> [u8; 16]>,
    /// The user's home directory.
    pub home: Option<String>,
}

/// One parameter of a function.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    /// Its name, for messages.
    pub name: &'static str,
    /// What an argument is converted to; [`Type::Dynamic`] takes it as it is.
    pub ty: Type,
    /// Whether null is passed on to the function.
    pub allow_null: bool,
}

/// What a function's code is given.
pub(crate) type Implementation = fn(&Ambient, &[Value]) -> Result<Value, FunctionError>;

/// Which of its arguments a function returns.
pub(crate) type Choice = fn(&[Value]) -> Option<usize>;

/// A standard function.
pub(crate) struct Function {
    /// Leading parameters; each must be given.
    pub params: Vec<Param>,
    /// Takes all further arguments.
    pub variadic: Option<Param>,
    /// The code.
    pub call: Implementation,
    /// Whether the result depends on the clock or on chance, and must not go into a committed file.
    pub impurity: Option<Mark>,
    /// Whether it puts together or takes apart lists and objects without a look at what is in them, which keeps its marks
    /// then and may be kept for the build.
    pub is_structural: bool,
    /// Which argument the result is, for a function that returns one of them and does not look at those behind it.
    pub chosen: Option<Choice>,
    /// How many of the evaluator's steps a call takes, where the size of its result does not tell.
    pub work: fn(&[Value]) -> u64,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionError {
    /// The argument at fault, counted from 0.
    pub argument: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// Whether it is a limit of ours, which Bake does not have.
    pub is_ours: bool,
}

/// What is wrong with an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArgumentError {
    /// In words.
    pub message: String,
    /// Whether it is a limit of ours, which Bake does not have.
    is_ours: bool,
}

impl ArgumentError {
    /// It is more than we do.
    pub(crate) fn ours(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_ours: true }
    }
}

impl ArgumentError {
    /// The same, in other words.
    pub(crate) fn put(self, words: impl FnOnce(&str) -> String) -> Self {
        Self { message: words(&self.message), ..self }
    }
}

impl From<String> for ArgumentError {
    fn from(message: String) -> Self {
        Self { message, is_ours: false }
    }
}

impl From<&str> for ArgumentError {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl From<ArgumentError> for String {
    fn from(error: ArgumentError) -> Self {
        error.message
    }
}

impl FunctionError {
    /// An error of the whole call.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { argument: None, message: message.into(), is_ours: false }
    }

    /// An error of the whole call that has been told of a part of it.
    pub(crate) fn whole(error: ArgumentError) -> Self {
        let ArgumentError { message, is_ours } = error;
        Self { argument: None, message, is_ours }
    }

    /// The same, as a limit of ours.
    #[must_use]
    pub(crate) fn ours(self) -> Self {
        Self { is_ours: true, ..self }
    }

    /// An error of one argument.
    pub(crate) fn argument(index: usize, error: impl Into<ArgumentError>) -> Self {
        let ArgumentError { message, is_ours } = error.into();
        Self { argument: Some(index), message, is_ours }
    }
}

impl Function {
    /// The same, as one that only looks at the structure of its arguments.
    #[must_use]
    pub(crate) fn structural(self) -> Self {
        Self { is_structural: true, ..self }
    }

    /// The same, as one that returns the first argument of which this holds.
    #[must_use]
    pub(crate) fn choosing(self, chosen: Choice) -> Self {
        Self { chosen: Some(chosen), ..self }
    }

    /// Calls the function as HCL does: checks the number of arguments and nulls, converts, calls, and carries the
    /// arguments' marks over to the result; a bool is an answer about them.
    ///
    /// # Errors
    /// The first argument that does not fit, or what the function says.
    pub(crate) fn call(&self, ambient: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
        let mut converted = Vec::with_capacity(args.len());
        if args.len() < self.params.len() {
            let missing = &self.params[args.len()];
            return Err(FunctionError::new(format!(
                "not enough arguments: {} expected, {} found; the missing one is `{}`",
                self.params.len(),
                args.len(),
                missing.name
            )));
        }
        for (index, arg) in args.iter().enumerate() {
            let Some(param) = self.params.get(index).or(self.variadic.as_ref()) else {
                return Err(FunctionError::argument(
                    index,
                    format!("too many arguments: {} expected, {} found", self.params.len(), args.len()),
                ));
            };
            if arg.is_null() && !param.allow_null {
                return Err(FunctionError::argument(index, format!("`{}` must not be null", param.name)));
            }
            let value = convert(arg, &param.ty).map_err(|e| {
                let failed = FunctionError::argument(index, format!("`{}`: {e}", param.name));
                if e.is_ours { failed.ours() } else { failed }
            })?;
            converted.push(value);
        }
        let result = (self.call)(ambient, &converted)?;
        let mut marks = Marks::default();
        if let Some(chosen) = self.chosen.and_then(|chosen| chosen(&converted)) {
            args[..chosen].iter().for_each(|passed_over| marks.merge(&passed_over.marks().of_answer()));
            marks.merge(&args[chosen].marks());
        } else {
            args.iter().for_each(|arg| {
                marks.merge(&if self.is_structural { arg.marks_of_structure() } else { arg.marks() });
            });
        }
        if matches!(result, Value::Bool(..)) {
            marks = marks.of_answer();
        }
        if let Some(mark) = &self.impurity {
            marks.merge(&Marks::of(mark.clone()));
        }
        Ok(result.marked(&marks))
    }
}

/// The functions of one family, by name.
pub(crate) type Family = Vec<(&'static str, Function)>;

/// A function of fixed parameters.
#[must_use]
pub(crate) fn fixed(params: Vec<Param>, call: Implementation) -> Function {
    Function { params, variadic: None, call, impurity: None, is_structural: false, chosen: None, work: |_| 0 }
}

/// A function with a variable tail of arguments.
#[must_use]
pub(crate) fn variadic(params: Vec<Param>, rest: Param, call: Implementation) -> Function {
    Function {
        params,
        variadic: Some(rest),
        call,
        impurity: None,
        is_structural: false,
        chosen: None,
        work: |_| 0,
    }
}

/// A parameter that must not be null.
#[must_use]
pub(crate) fn param(name: &'static str, ty: Type) -> Param {
    Param { name, ty, allow_null: false }
}

/// A parameter that may be null.
#[must_use]
pub(crate) fn nullable(name: &'static str, ty: Type) -> Param {
    Param { name, ty, allow_null: true }
}
