// Bundles the tests of tests/ and runs them in Node's own test runner.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const root = new URL(".", import.meta.url).pathname;
const outdir = `${root}node_modules/.cache/tests`;
const tests = readdirSync(`${root}tests`).filter((name) => name.endsWith(".test.ts"));

rmSync(outdir, { recursive: true, force: true });
await build({
    entryPoints: tests.map((name) => `tests/${name}`),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    outdir,
    outExtension: { ".js": ".mjs" },
    absWorkingDir: root,
    logLevel: "warning",
});
const files = tests.map((name) => `${outdir}/${name.replace(/\.ts$/, ".mjs")}`);
const words = ["--enable-source-maps", "--test", "--test-reporter=dot", ...files];
process.exitCode = spawnSync(process.execPath, words, { stdio: "inherit" }).status ?? 1;
