// GitHub's own parser over workflows, and its own evaluator over the expressions that our tests evaluate themselves.
// Bundled by tests/workflows/check. Arguments: a JSON file of expressions, then workflows. `OUTPUTS` is a file of the outputs of
// a plan, whose matrix must give as many targets as `TARGETS` says.
import { readFileSync } from "node:fs";
import { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } from "@actions/workflow-parser";
import { Lexer, Parser, Evaluator, data, wellKnownFunctions } from "@actions/expressions";

const [expressions, ...workflows] = process.argv.slice(2);
let faults = 0;
const fault = (text) => {
  faults += 1;
  console.error(text);
};

for (const name of workflows) {
  const content = readFileSync(name, "utf8");
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  for (const error of context.errors.getErrors()) fault(`${name}: ${error.message}`);
  if (!value) continue;
  const template = await convertWorkflowTemplate(context, value);
  for (const error of template.errors ?? []) fault(`${name}: ${error.Message}`);
  if (!template.jobs?.length) fault(`${name}: no jobs`);
}

const evaluate = (expression, contexts) => {
  const scope = JSON.parse(JSON.stringify(contexts), data.reviver);
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), Object.values(wellKnownFunctions)).parse();
  return JSON.parse(JSON.stringify(new Evaluator(tree, scope).evaluate(), data.replacer));
};

const { contexts, cases } = JSON.parse(readFileSync(expressions, "utf8"));
for (const [expression, expected] of cases) {
  const real = JSON.stringify(evaluate(expression, contexts));
  if (real !== JSON.stringify(expected)) fault(`${expression} is ${real} and not ${JSON.stringify(expected)}`);
}

const { OUTPUTS, TARGETS } = process.env;
if (OUTPUTS) {
  const lines = readFileSync(OUTPUTS, "utf8").split("\n").filter((line) => line.includes("="));
  const outputs = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs
  const size = 2 * Object.values(outputs).join("").length;
  if (size > 1_000_000) fault(`the outputs have ${size} bytes`);
  const rows = evaluate("fromJSON(needs.plan.outputs.matrix)", { needs: { plan: { outputs } } });
  const targets = rows.flatMap((matrix) => evaluate("matrix.targets", { matrix }).split(","));
  if (rows.length > 256) fault(`the matrix has ${rows.length} rows`);
  if (new Set(targets).size !== Number(TARGETS)) fault(`the matrix has ${new Set(targets).size} targets and not ${TARGETS}`);
  console.log(`a matrix of ${rows.length} rows evaluated, ${targets.length} targets in ${size} bytes`);
}
console.log(`${workflows.length} workflows parsed, ${cases.length} expressions evaluated`);
process.exit(faults ? 1 : 0);
