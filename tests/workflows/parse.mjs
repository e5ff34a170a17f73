// GitHub's own parser over workflows, and its own evaluator over the expressions that our tests evaluate themselves.
// Bundled by tests/workflows/check. Arguments: a JSON file of expressions, then workflows.
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

const { contexts, cases } = JSON.parse(readFileSync(expressions, "utf8"));
const scope = JSON.parse(JSON.stringify(contexts), data.reviver);
for (const [expression, expected] of cases) {
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), Object.values(wellKnownFunctions)).parse();
  const value = new Evaluator(tree, scope).evaluate();
  const real = JSON.stringify(JSON.parse(JSON.stringify(value, data.replacer)));
  if (real !== JSON.stringify(expected)) fault(`${expression} is ${real} and not ${JSON.stringify(expected)}`);
}
console.log(`${workflows.length} workflows parsed, ${cases.length} expressions evaluated`);
process.exit(faults ? 1 : 0);
