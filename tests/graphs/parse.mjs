// Mermaid's own parser over graphs. Copied beside its packages by tests/graphs/check. Arguments: files of Mermaid.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

const parses = async (text) => {
  try {
    await mermaid.parse(text);
    return "";
  } catch (error) {
    return error.message;
  }
};

let faults = 0;
for (const name of process.argv.slice(2)) {
  const message = await parses(readFileSync(name, "utf8"));
  if (message) {
    faults += 1;
    console.error(`${name}: ${message}`);
  }
}
if (!(await parses('flowchart LR\n  a["'))) throw new Error("what is no graph passes");
process.exit(faults ? 1 : 0);
