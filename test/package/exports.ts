import { readFileSync } from "node:fs"

const root = new URL("../../", import.meta.url)

/** Modules that only a subpath exports: the index must not load what they need (a client library, `node:sqlite`, …). */
const outsideIndex: Readonly<Record<string, string>> = {
  EffectStore: "./stores/EffectStore.ts",
  Redis: "./stores/Redis.ts",
  Sqlite: "./stores/Sqlite.ts",
  testing: "./testing/index.ts"
}

/** Path in `src` by subpath. */
const modules = (): Readonly<Record<string, string>> => {
  const index = readFileSync(new URL("src/index.ts", root), "utf8")
  const inIndex = [...index.matchAll(/export \* as (\w+) from "(.+)"/g)].map(([, name, path]) => [name!, path!])
  return { ...Object.fromEntries(inIndex), ...outsideIndex }
}

const conditionsOf = (name: string, path: string) => {
  const file = path.replace(/^\.\/(.*)\.ts$/, "$1")
  return {
    "@effect-kv/source": `./src/${file}.ts`,
    types: `./dist/${file}.d.ts`,
    module: `./dist/${file}.js`,
    workerd: `./dist/${file}.js`,
    node: `./dist/node/${name}.js`,
    default: `./dist/${file}.js`
  }
}

/** The `exports` of `package.json`: the index, a subpath for each module, and `package.json` itself. */
export const exportsOfPackage = () => {
  const named = Object.entries(modules())
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, path]) => [`./${name}`, conditionsOf(name, path)] as const)
  return {
    ".": conditionsOf("index", "./index.ts"),
    ...Object.fromEntries(named),
    "./package.json": "./package.json"
  }
}
