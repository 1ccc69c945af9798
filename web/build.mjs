// Bundles src/ into the folder from which the server takes static files.
import { rmSync } from "node:fs";
import { build } from "esbuild";

const folder = new URL("../src/kg/serve/static/built", import.meta.url).pathname;

rmSync(folder, { recursive: true, force: true });
await build({
    entryPoints: ["src/site.ts"],
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "linked",
    loader: { ".json": "json" },
    outdir: folder,
    absWorkingDir: new URL(".", import.meta.url).pathname,
    logLevel: "warning",
});
