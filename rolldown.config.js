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

/** What each module of the index imports. */
const modules = new Map()
await rolldown({
  ...shared,
  input: input.index,
  plugins: [{ name: "imports", moduleParsed: ({ id, importedIds }) => void modules.set(id, importedIds) }]
}).then((build) => build.generate())

const needsSchema = (id) => modules.get(id)?.some((other) => other === "effect/Schema" || needsSchema(other)) ?? false

/**
 * What Node runs: all that the index has in two files, since finding, reading and linking a file takes longer than running
 * it, and the other entries around them. What needs `effect/Schema`, which takes longer to load than all of the rest, is
 * apart, for programs that do without. Bundlers get the modules that `tsc` writes, of which they can leave out more.
 */
export default defineConfig({
  ...shared,
  input,
  output: {
    dir: "dist/node",
    sourcemap: true,
    comments: false,
    chunkFileNames: "[name].js",
    codeSplitting: {
      groups: [
        { name: "core", test: (id) => modules.has(id) && !needsSchema(id), priority: 1 },
        { name: "schema", test: needsSchema }
      ]
    }
  }
})
