/**
 * Tests what a bundler finds in the package: only the modules in use, no client library, and a subpath for every
 * module.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { rolldown } from "rolldown"
import { exportsOfPackage } from "./package/exports.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Bundles a program for production, without `effect` and client libraries, and returns its modules and imports. */
const bundle = async (program: string) => {
  const build = await rolldown({
    cwd: root,
    input: "entry",
    external: [/^effect(\/|$)/, /^node:/, "ioredis"],
    resolve: { conditionNames: ["@effect-kv/source", "node", "import", "default"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? `${root}/entry.ts` : null),
        load: (id) => (id === `${root}/entry.ts` ? program : null)
      }
    ]
  })
  const { output } = await build.generate({ format: "esm", minify: true })
  const [chunk] = output
  const used = Object.entries(chunk.modules).filter(([, module]) => (module.code ?? "").trim() !== "")
  return {
    modules: used.map(([id]) => id.slice(root.length)),
    imports: chunk.imports,
    gzipped: gzipSync(chunk.code).length
  }
}

describe("the package", () => {
  it("bundles only the modules that a program uses", async () => {
    const { modules, imports } = await bundle(
      `import { KeyValue, Memory, Retry } from "effect-kv"
       export const layer = Memory.layer().pipe(Retry.wrap())
       export const program = KeyValue.KeyValue.use((kv) => kv.get("key"))`
    )
    const wrappers = modules.filter((id) => id.startsWith("src/wrappers/") || id.startsWith("src/stores/"))
    assert.deepStrictEqual(wrappers.sort(), [
      "src/stores/Memory.ts",
      "src/stores/common/page.ts",
      "src/stores/memory/Expiries.ts",
      "src/stores/memory/Partitions.ts",
      "src/stores/memory/Slots.ts",
      "src/wrappers/Retry.ts",
      "src/wrappers/common/stateful.ts",
      "src/wrappers/retry/Budget.ts",
      "src/wrappers/retry/again.ts",
      "src/wrappers/retry/tellingOf.ts"
    ])
    const others = modules.filter((id) => id.startsWith("src/platform/") || id.startsWith("src/testing/"))
    assert.deepStrictEqual(others.sort(), ["src/platform/bytes.node.ts", "src/platform/lazy.ts"])
    assert.deepStrictEqual(
      imports.filter((id) => !id.startsWith("effect")),
      []
    )
  })

  it("has an index that imports no client library and nothing from Node", async () => {
    const { imports } = await bundle(`export * from "effect-kv"`)
    assert.deepStrictEqual(
      imports.filter((id) => !id.startsWith("effect")),
      []
    )
  })

  it("has the exports that `npm run exports` writes: a subpath for every module", () => {
    const { exports } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { readonly exports: object }
    const expected = exportsOfPackage()
    assert.isAbove(Object.keys(expected).length, 30)
    // As text, because Node and bundlers take the first condition that matches.
    assert.strictEqual(JSON.stringify(exports, null, 2), JSON.stringify(expected, null, 2))
    for (const target of Object.values(expected)) {
      if (typeof target !== "string") readFileSync(`${root}/${target["@effect-kv/source"]}`)
    }
  })
})
