// Runs packing.py in Pyodide: node pack.mjs PYODIDE STAGE SCRIPT

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodide, stage, script] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`).href);
try {
  const python = await loadPyodide({ indexURL: `${pyodide}/` });
  python.FS.mkdirTree("/stage");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: stage }, "/stage");
  python.runPython(readFileSync(script, "utf-8"));
} catch (error) {
  process.stderr.write(`${String(error.message).trim()}\n`);
  process.exit(1);
}
