/** The size of a small program with each library. */
import { builtinModules } from "node:module"
import { gzipSync } from "node:zlib"
import { type OutputChunk, rolldown } from "rolldown"
import { root } from "../../paths.ts"
import type { Library } from "./Library.ts"

const isNode = (name: string): boolean => name.startsWith("node:") || builtinModules.includes(name)

/** The files that the program loads when it starts. What it loads later, on demand, is left out. */
const loadedAtStart = (chunks: ReadonlyArray<OutputChunk>): ReadonlyArray<OutputChunk> => {
  const found = new Set<OutputChunk>()
  const visit = (chunk: OutputChunk) => {
    if (found.has(chunk)) return
    found.add(chunk)
    for (const name of chunk.imports) {
      const next = chunks.find(({ fileName }) => fileName === name)
      if (next !== undefined) visit(next)
      else if (!isNode(name)) throw new Error(`not in the bundle: ${name}`)
    }
  }
  visit(chunks.find(({ isEntry }) => isEntry)!)
  return [...found]
}

/** Minified and gzipped, with everything that it imports except Node's own modules. */
export const bundleSize = async ({ bundle = "" }: Library): Promise<string> => {
  const folder = bundle.includes('"effect"') ? root : `${root}bench/`
  const entry = `${folder}entry.ts`
  const build = await rolldown({
    cwd: folder,
    input: "entry",
    platform: "node",
    external: isNode,
    resolve: { conditionNames: ["@effect-kv/source", "node", "import", "default"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id: string) => (id === "entry" ? entry : null),
        load: (id: string) => (id === entry ? bundle : null)
      }
    ],
    logLevel: "silent"
  })
  const { output } = await build.generate({ format: "esm", minify: true })
  const chunks = output.filter((file): file is OutputChunk => file.type === "chunk")
  const bytes = loadedAtStart(chunks).reduce((sum, { code }) => sum + gzipSync(code).length, 0)
  return `${(bytes / 1000).toFixed(1)} KB`
}
