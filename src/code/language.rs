//! Codes of the Bake language: syntax, expressions, variables, functions.

use super::example::{file, run, when};
use super::row::codes;

codes! {
    guide: "https://docs.docker.com/build/bake/reference/";

    SYNTAX "syntax" [Error] {
        cause: "The file is not valid HCL or, if its name ends in `.json`, not valid JSON. A bracket or quote that is still open is often reported further down than where it was opened.",
        example: file("target \"app\" {\n  tags = [\"ghcr.io/acme/app:1\"\n}\n").fixed("app:1\"\n", "app:1\"]\n"),
        cure: "Close what is open, put a comma between elements, and one attribute on each line. The caret stands where the file can no longer be read.",
    }
    UNKNOWN_VARIABLE "unknown-variable" [Error Warning] {
        cause: "An expression uses a name that no `variable` block, no attribute at the top of the file, and no `for`, matrix or parameter around it declares; or `--keep-variable` or `--var` has a name that no `variable` block declares. A name that a Compose file uses may be set with `--var`, too. Bake takes any name in `--var` and ignores one that nothing declares, so for `bakeplan print` without `--strict` that is a warning. Environment variables only set variables that are declared.",
        example: file("variable \"TAG\" { default = \"1\" }\n\ntarget \"app\" {\n  tags = [\"ghcr.io/acme/app:${TAGG}\"]\n}\n").fixed("TAGG", "TAG"),
        cure: "Correct the name, or declare it: `variable \"NAME\" {}`.",
    }
    UNKNOWN_FUNCTION "unknown-function" [Error] {
        cause: "A call names a function that is neither one of Bake's standard functions nor in a `function` block. Inside a function, only functions that are known before it is used can be called.",
        example: file("target \"app\" {\n  args = { NAME = uper(\"app\") }\n}\n").fixed("uper", "upper"),
        cure: "Correct the name, or declare the function in a `function` block.",
    }
    UNKNOWN_ATTRIBUTE "unknown-attribute" [Error Warning] {
        cause: "A block, an object or a mapping has a key that nothing reads. In `image`, `platform`, `workflow`, `function` and `validation` blocks and in the `build` of a Compose file this is always an error; in `target`, `group` and `variable` blocks, in `x-bake`, and where a Compose file has a key that looks like another, Bake ignores it, which is a warning, and `--strict` refuses it.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repository = [\"ghcr.io/acme/app\"]\n  version    = \"1.4.2\"\n}\n").fixed("repository =", "repositories ="),
        cure: "Correct the name or leave it out. In a Compose file, a key of your own begins with `x-`.",
    }
    UNKNOWN_BLOCK "unknown-block" [Error Warning] {
        cause: "There is no block of this kind or name: an expression refers to `target.NAME` and no target has the name, an `image`, `function` or `validation` block contains a block that it cannot have, or the file has a block at its top that Bake ignores, such as `targets` for `target`. Or what is called `image` does not have the shape of a block, so that it is a variable, or a file of images holds none.",
        example: file("target \"app\" {}\n\ntarget \"debug\" {\n  args = target.ap.args\n}\n").fixed("target.ap.args", "target.app.args"),
        cure: "Correct the kind or the name of the block. What is meant as an attribute needs an equals sign: `NAME = …`.",
    }
    MISSING_ATTRIBUTE "missing-attribute" [Error] {
        cause: "A block lacks an attribute that it needs: a group its `targets`, a `function` its `params` or `result`, a `validation` its `condition`.",
        example: file("function \"tag\" {\n  params = [name]\n}\n\ntarget \"app\" {\n  tags = [tag(\"app\")]\n}\n").fixed("params = [name]", "params = [name]\n  result = \"ghcr.io/acme/${name}:1\""),
        cure: "Add the attribute that the message names.",
    }
    ATTRIBUTE_TYPE "attribute-type" [Error] {
        cause: "The value of an attribute, or of a key in a Compose file, has another type than it takes, such as a string where a list is expected. Bake converts between strings, numbers and bools, and nothing else.",
        example: file("target \"app\" {\n  platforms = \"linux/amd64\"\n}\n").fixed("\"linux/amd64\"", "[\"linux/amd64\"]"),
        cure: "Write a value of the type that the message expects. In YAML, quotes make a number, a date or a bool a string.",
    }
    ATTRIBUTE_VALUE "attribute-value" [Error] {
        cause: "The value has the right type, but is not one that the attribute or the key of a Compose file can have: a size without a number, an unknown word, a port or volume that cannot be read, a field that is missing.",
        example: file("target \"app\" {}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  jobs         = \"matrix\"\n}\n").fixed("\"matrix\"", "\"target\""),
        cure: "Use one of the forms that the message or its help names.",
    }
    BLOCK_LABEL "block-label" [Error] {
        cause: "A block has more or fewer labels than its kind takes: targets, groups, variables and functions have one, `image` one or none, `platform` one, `workflow` and `validation` none.",
        example: file("target \"app\" \"debug\" {}\n").fixed(" \"debug\"", ""),
        cure: "Write the block as the help says, such as `target \"NAME\" {`.",
    }
    BLOCK_REFERENCE "block-reference" [Error] {
        cause: "`target`, `group` or another kind of block stands alone in an expression, or with an index behind it. Only what a block contains has a value.",
        example: file("target \"app\" {\n  args = { ALL = target }\n}\n").fixed("= target }", "= \"all\" }"),
        cure: "Name a block and its attribute: `target.NAME.ATTRIBUTE`.",
    }
    UNSUPPORTED_ATTRIBUTE "unsupported-attribute" [Error] {
        cause: "An expression takes an attribute, `VALUE.NAME`, of a value that does not have it: an object without this key, a value that is not an object, or a target without this attribute.",
        example: file("variable \"APP\" { default = { name = \"app\" } }\n\ntarget \"app\" {\n  args = { NAME = APP.nmae }\n}\n").fixed("nmae", "name"),
        cure: "Correct the name, or use `try(VALUE.NAME, DEFAULT)` where it may be absent.",
    }
    INVALID_INDEX "invalid-index" [Error] {
        cause: "An expression takes an element, `VALUE[KEY]`, that is not there: the list is shorter, the map has no such key, or the value has no elements at all.",
        example: file("variable \"NAMES\" { default = [\"app\"] }\n\ntarget \"app\" {\n  args = { NAME = NAMES[1] }\n}\n").fixed("NAMES[1]", "NAMES[0]"),
        cure: "Indexes of lists begin at 0. Use `try(VALUE[KEY], DEFAULT)` or `lookup` where the element may be absent.",
    }
    INVALID_KEY "invalid-key" [Error] {
        cause: "The key of an object is null or something that cannot be converted to a string, such as a list.",
        example: file("target \"app\" {\n  args = { (null) = \"1\" }\n}\n").fixed("(null)", "\"NAME\""),
        cure: "Use a string, a number or a bool as the key.",
    }
    AMBIGUOUS_KEY "ambiguous-key" [Error] {
        cause: "A key of an object ends with an attribute or an index and has neither quotes nor parentheses around it, so that it could be a reference or a name with a dot in it.",
        example: file("target \"app\" {\n  args = { split(\",\", \"A,B\")[0] = \"1\" }\n}\n").fixed("split(\",\", \"A,B\")[0]", "(split(\",\", \"A,B\")[0])"),
        cure: "Put a name into quotes, and a reference into parentheses: `(var.name)`.",
    }
    DUPLICATE_KEY "duplicate-key" [Error] {
        cause: "The same key is there twice: in a mapping of a YAML file, or in the result of a `for` expression that makes an object.",
        example: file("target \"app\" {\n  args = { for name in [\"a\", \"a\"] : name => \"1\" }\n}\n").fixed("\"a\", \"a\"", "\"a\", \"b\""),
        cure: "Leave one of them out. In a `for` expression, `...` after the value collects all values of a key in a list.",
    }
    NOT_ITERABLE "not-iterable" [Error] {
        cause: "`for` goes through lists, sets, maps and objects, and this is something else or null.",
        example: file("target \"app\" {\n  tags = [for name in \"app\" : name]\n}\n").fixed("in \"app\"", "in [\"app\"]"),
        cure: "Make it a list, such as with `[VALUE]` or `split(\",\", VALUE)`.",
    }
    NULL_SPLAT "null-splat" [Error] {
        cause: "`VALUE[*]` takes the elements of a list, and the list is null. A null of an unknown type counts as an empty list, but one that is declared as a list does not.",
        example: file("variable \"LIST\" {\n  type    = list(string)\n  default = null\n}\n\ntarget \"app\" {\n  args = { ALL = join(\",\", LIST[*]) }\n}\n").fixed("= null", "= []"),
        cure: "Use `[]` as the default of the variable, or `coalesce`.",
    }
    MIXED_SPLAT "mixed-splat" [Error] {
        cause: "`VALUE[*].NAME` makes a list, whose elements are of one type, and these elements are of different types.",
        example: when("A splat over a list whose elements give values of types that are only known when they are evaluated."),
        cure: "Use a `for` expression: its result may mix types.",
    }
    CONDITION "condition" [Error] {
        cause: "The condition of `CONDITION ? A : B`, or of `if` in a `for` expression or a template, is null or cannot be converted to a bool. Only `true`, `false` and the strings of these names can.",
        example: file("target \"app\" {\n  args = { MODE = \"release\" ? \"1\" : \"0\" }\n}\n").fixed("\"release\" ?", "\"release\" == \"release\" ?"),
        cure: "Compare the value with something: `VALUE == \"yes\"`, `VALUE != null`.",
    }
    INCONSISTENT_TYPES "inconsistent-types" [Error] {
        cause: "The two results of a conditional must have a type in common, since the conditional has one type whatever its condition is, and these two have none.",
        example: file("target \"app\" {\n  tags = true ? [\"ghcr.io/acme/app:1\"] : \"none\"\n}\n").fixed(": \"none\"", ": []"),
        cure: "Write both results in the same form, such as `[]` beside a list, or use `null` for nothing.",
    }
    UNDECIDED "undecided" [Error] {
        cause: "Neither side of `&&` or `||` gives a value that decides the result.",
        example: when("An operator `&&` or `||` of which neither side can be evaluated."),
        cure: "Give the operands values: a default for each variable that may be unset.",
    }
    INVALID_OPERAND "invalid-operand" [Error] {
        cause: "An operator gets a value of a type that it does not take, such as text where `+` needs a number, or a list where `&&` needs a bool.",
        example: file("target \"app\" {\n  args = { NUMBER = \"one\" + 1 }\n}\n").fixed("\"one\" + 1", "1 + 1"),
        cure: "Convert the operand, such as with `parseint(TEXT, 10)`. Strings are joined by a template: `\"${A}${B}\"`.",
    }
    INVALID_OPERATION "invalid-operation" [Error] {
        cause: "The operation has no result for these values, such as a calculation with null, or its result is larger than a number can be.",
        example: file("target \"app\" {\n  args = { NUMBER = 1 + null }\n}\n").fixed("1 + null", "1 + 2"),
        cure: "Change the values, or check them first with a condition.",
    }
    TEMPLATE_VALUE "template-value" [Error] {
        cause: "`${…}` inside a string puts a string, a number or a bool there, and this is null, a list, a map or an object.",
        example: file("target \"app\" {\n  tags = [\"ghcr.io/acme/app:${[\"1\"]}\"]\n}\n").fixed("${[\"1\"]}", "${join(\"-\", [\"1\"])}"),
        cure: "Make it a string with `join` or `jsonencode`, and give a variable that may be null a default.",
    }
    CALL_FAILED "call-failed" [Error] {
        cause: "A function was called with arguments that it does not take: their number, a type, a value outside of what it accepts, or null. The message says which argument and why.",
        example: file("target \"app\" {\n  args = { NUMBER = parseint(\"ten\", 10) }\n}\n").fixed("\"ten\"", "\"10\""),
        cure: "Correct the argument, or give another value for this case: `try(CALL, DEFAULT)`.",
    }
    FUNCTION_PARAMS "function-params" [Error] {
        cause: "`params` of a `function` block is a list of plain names, and `variadic_params` is one such name: without quotes in HCL, and in JSON as strings that hold nothing else.",
        example: file("function \"tag\" {\n  params = \"name\"\n  result = name\n}\n\ntarget \"app\" {\n  args = { TAG = tag(\"a\") }\n}\n").fixed("\"name\"", "[name]"),
        cure: "Write `params = [first, second]`.",
    }
    FUNCTION_CYCLE "function-cycle" [Error] {
        cause: "A function calls itself, directly or through others. The language has no recursion.",
        example: file("function \"twice\" {\n  params = [text]\n  result = twice(text)\n}\n\ntarget \"app\" {\n  args = { NAME = twice(\"a\") }\n}\n").fixed("twice(text)", "upper(text)"),
        cure: "Break the chain that the help shows; a `for` expression does many things that recursion does elsewhere.",
    }
    VARIABLE_CYCLE "variable-cycle" [Error] {
        cause: "A variable or attribute at the top of the file needs its own value, directly or through others.",
        example: file("variable \"A\" { default = B }\nvariable \"B\" { default = A }\n\ntarget \"app\" {\n  args = { A = A }\n}\n").fixed("default = A", "default = \"b\""),
        cure: "Break the chain that the help shows: one of them must have a value of its own.",
    }
    REFERENCE_CYCLE "reference-cycle" [Error] {
        cause: "An attribute of a target or group needs its own value, through references such as `target.NAME.ATTRIBUTE`.",
        example: file("target \"a\" {\n  args = target.b.args\n}\n\ntarget \"b\" {\n  args = target.a.args\n}\n").fixed("target.a.args", "{}"),
        cure: "Break the chain that the help shows; `inherits` takes attributes of another target without a reference.",
    }
    DEFAULT_TYPE "default-type" [Error] {
        cause: "The default of a variable cannot be converted to the `type` that the variable declares.",
        example: file("variable \"COUNT\" {\n  type    = number\n  default = \"many\"\n}\n\ntarget \"app\" {\n  args = { COUNT = COUNT }\n}\n").fixed("\"many\"", "3"),
        cure: "Correct the default or the type.",
    }
    INVALID_TYPE "invalid-type" [Error] {
        cause: "`type` of a variable, or the second argument of `convert`, is not a type. Types are written without quotes: `string`, `number`, `bool`, `any`, `list(string)`, `map(string)`, `object({name = string})` and others.",
        example: file("variable \"COUNT\" {\n  type    = \"number\"\n  default = 3\n}\n\ntarget \"app\" {\n  args = { COUNT = COUNT }\n}\n").fixed("\"number\"", "number"),
        cure: "Write the type without quotes, as the help says.",
    }
    OVERRIDE_TYPE "override-type" [Error] {
        cause: "The environment, a `.env` file or `--var` gives a variable a value that does not fit its `type`, or the type of its default. A list or map is given as CSV, or as JSON in the variable `NAME_JSON`.",
        example: run("plan --var COUNT=many", &[("docker-bake.hcl", "variable \"COUNT\" { default = 3 }\n\ntarget \"app\" {\n  args = { COUNT = COUNT }\n}\n")]).fixed("COUNT=many", "COUNT=4"),
        cure: "Give a value of that type; unset the environment variable if it is for something else.",
    }
    DESCRIPTION "description" [Error] {
        cause: "The `description` of a variable is shown in lists and must be known from the file alone: it is a string without variables and function calls, not null.",
        example: file("variable \"NAME\" { default = \"app\" }\nvariable \"TAG\" {\n  default     = \"1\"\n  description = \"the tag of ${NAME}\"\n}\n\ntarget \"app\" {\n  args = { TAG = TAG }\n}\n").fixed("${NAME}", "the app"),
        cure: "Write plain text.",
    }
    VALIDATION "validation" [Error] {
        cause: "A `validation` block of a variable refuses its value, or its condition is neither true nor false.",
        example: file("variable \"TAG\" {\n  default = \"\"\n  validation {\n    condition     = TAG != \"\"\n    error_message = \"TAG must be set\"\n  }\n}\n\ntarget \"app\" {}\n").fixed("default = \"\"", "default = \"1\""),
        cure: "Set the variable as the message of the validation asks: in the environment, or with `--var NAME=VALUE`.",
    }
    LIMIT "limit" [Error] {
        cause: "Something is larger than any real definition: steps to evaluate an expression, parts of a value, a chain of references, texts of all targets, platforms of a target, tags of all images, annotations that no registry accepts. The limits keep a mistake, or a definition of a stranger, from taking all time and memory.",
        example: file("target \"app\" {\n  args = { COUNT = length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]) }\n}\n"),
        cure: "Make it smaller: split the definition, or plan a part of it. If it is a real case, please report it.",
    }
    NULL_REFERENCE "null-reference" [Error] {
        cause: "With `--strict`: a target is declared several times, and `target.NAME.ATTRIBUTE` refers to what only an earlier declaration sets. Bake merges the declarations, but references see the last one alone, so this is null.",
        example: run("plan --strict", &[("docker-bake.hcl", "target \"base\" {\n  args = { A = \"1\" }\n}\ntarget \"base\" {\n  context = \".\"\n}\n\ntarget \"app\" {\n  args = target.base.args\n}\n")]).fixed("args = target.base.args", "inherits = [\"base\"]"),
        cure: "Use `inherits`, which takes the merged declarations, or declare the target once.",
    }
    KEPT_VARIABLE "kept-variable" [Error] {
        cause: "`--keep-variable` leaves a variable to the build, so its value is not known when the plan is made, and something needs it: a condition, a comparison, a standard function, a name, tag or platform, an `image` block. Or the variable cannot be kept: it may be null, is a list, or its name is one that the workflow sets itself.",
        example: run("plan --keep-variable TAG", &[("docker-bake.hcl", "variable \"TAG\" { default = \"1\" }\n\ntarget \"app\" {\n  tags = [\"ghcr.io/acme/app:${TAG}\"]\n}\n")]).fixed(" --keep-variable TAG", ""),
        cure: "Do without `--keep-variable`, or use the variable only where its text is passed on: `args`, labels, other strings.",
    }
    UNSET_VARIABLE "unset-variable" [Warning Note] {
        cause: "A variable without a value is used: a Compose file counts it as empty, as Compose does, and a plan uses the empty string in a tag, name, argument or label. Often the variable is set where the image is built but not where the plan is made.",
        example: file("variable \"TOOL\" {}\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { TOOL = TOOL }\n}\n").fixed("\"TOOL\" {}", "\"TOOL\" { default = \"go\" }"),
        cure: "Set it where the plan is made, or give it a default; in a Compose file, `${NAME:-}` says that it may be empty.",
    }
    REWRITTEN "rewritten" [Error Warning] {
        cause: "A number, or a date of YAML, is not printed as it was written: `3.10` becomes `3.1`, which is another version, `007` becomes `7`, and `2026-09-21` becomes `2026-09-21 00:00:00 +0000 UTC`. In what names something published, this is an error; in what is built, and in what `bakeplan print` prints, a warning.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:${3.10}\"]\n}\n").fixed("3.10", "\"3.10\""),
        cure: "Write it in quotes where it comes from, or declare its variable with `type = string`.",
    }
    PUBLIC_SECRET "public-secret" [Warning] {
        cause: "The name of a variable looks like that of a secret, and its default is in the file. Whoever can read the file has it, so it is written like any other value.",
        example: file("variable \"API_TOKEN\" { default = \"not-so-secret\" }\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { TOKEN = API_TOKEN }\n}\n").fixed("default = \"not-so-secret\"", "default = \"\""),
        cure: "If it is a secret, replace it and pass it to the build as a `secret`. If not, rename the variable, or say so with `secret_variables`.",
    }
    SECRET "secret" [Error] {
        cause: "The value of a variable that looks like a secret would be written where others can read it: in a generated file, an output, a summary, a tag or a label. Nothing is written.",
        example: run("plan --var API_TOKEN=correct-horse", &[("docker-bake.hcl", "variable \"API_TOKEN\" { default = \"\" }\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { TOKEN = API_TOKEN }\n}\n")]).fixed("--var API_TOKEN=correct-horse", "--keep-variable API_TOKEN"),
        cure: "Pass it to the build as a `secret`, or leave it to the build with `--keep-variable NAME`. If it is not a secret, `secret_variables = [\"!NAME\"]` in an `image` block without a label says so.",
    }
    VOLATILE "volatile" [Error] {
        cause: "Something that would be written to a committed file depends on the clock or on chance, such as `timestamp()` or `uuidv4()`, so the file would be out of date as soon as it is written.",
        example: run("bake -o out.json", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { DATE = timestamp() }\n}\n")]).fixed("bake -o out.json", "plan"),
        cure: "Take it from a variable that the build sets, or write the files in every run with `bakeplan plan --out DIR`.",
    }
}
