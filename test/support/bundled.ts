/**
 * The programs that tests start, each bundled into one file: a program that loads hundreds of modules takes ten times as long to
 * start.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { type Plugin, rolldown } from "rolldown"

/** The root of the repository. */
const root = fileURLToPath(new URL("../..", import.meta.url))

const directory = join(root, ".cache/programs")

const programs = [
  "examples/custom/around.ts",
  "examples/custom/combine.ts",
  "examples/custom/map-entries.ts",
  "examples/custom/map-names.ts",
  "examples/custom/store.ts",
  "examples/demo/main.ts",
  "examples/simulation.ts",
  "examples/stacks/production.ts",
  "examples/wrappers/stale-on-error.ts",
  "test/faults/main.ts",
  "test/fuzz/main.ts",
  "test/interop/main.ts",
  "test/lease/worker.ts",
  "test/simulate/main.ts",
  "test/stores/redis/increment.ts",
  "test/stores/sqlite/increment.ts"
]

/** Modules know where their sources are, not where the bundle is. */
const places: Plugin = {
  name: "places",
  transform: {
    filter: { code: "import.meta.url" },
    handler: (code, id) => code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href))
  }
}

const isWritten = (path: string, code: string): boolean => {
  try {
    return readFileSync(path, "utf8") === code
  } catch {
    return false
  }
}

const build = async (): Promise<void> => {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(programs.map((path) => [path.replace(/\.ts$/, ""), path])),
    platform: "node",
    external: /^(ioredis|rolldown)/,
    resolve: { conditionNames: ["@effect-kv/source", "node", "import"] },
    plugins: [places],
    logLevel: "silent"
  })
  const { output } = await bundle.generate({ entryFileNames: "[name].js", chunkFileNames: "[name].js" })
  for (const chunk of output) {
    if (chunk.type !== "chunk") continue
    const path = join(directory, chunk.fileName)
    mkdirSync(dirname(path), { recursive: true })
    // Another process may be running the same program.
    if (!isWritten(path, chunk.code)) writeFileSync(path, chunk.code)
  }
}

/** Test files share processes, and each process bundles once. */
const key = Symbol.for("effect-kv/tests/bundled")
const shared = globalThis as { [key]?: Promise<void> }

/** The path of a bundled program, or the path itself for other arguments. */
export const bundled = async (path: string): Promise<string> => {
  if (!programs.includes(path)) return path
  await (shared[key] ??= build())
  return join(directory, path.replace(/\.ts$/, ".js"))
}
