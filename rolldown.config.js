import { readFileSync } from "node:fs"
import { defineConfig, rolldown } from "rolldown"

const condition = "@effect-kv/source"

const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"))

/** The source of each entry of the package, by the name of its subpath. */
const input = Object.fromEntries(
  Object.entries(exports)
    .filter(([, target]) => typeof target === "object")
    .map(([subpath, target]) => [subpath === "." ? "index" : subpath.slice(2), target[condition]])
)

const shared = {
  platform: "node",
  external: [/^effect(\/|$)/, /^@effect\//, /^node:/, "ioredis"],
  resolve: { conditionNames: [condition, "node", "import", "default"] }
}

/** The modules of the index. */
const core = await rolldown({ ...shared, input: input.index })
  .then((build) => build.generate())
  .then(({ output }) => new Set(output.flatMap((chunk) => Object.keys(chunk.modules))))

/** Engines read a text of one byte a character faster. */
const ascii = {
  name: "ascii",
  renderChunk: (code) => code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

/**
 * What Node runs: all that the index has in one file, since finding, reading and linking a file takes longer than running
 * it, and the other entries around it. Bundlers get the modules that `tsc` writes, of which they can leave out more.
 */
export default defineConfig({
  ...shared,
  input,
  plugins: [ascii],
  output: {
    dir: "dist/node",
    sourcemap: true,
    comments: false,
    chunkFileNames: "[name].js",
    codeSplitting: { groups: [{ name: "core", test: (id) => core.has(id) }] }
  }
})
