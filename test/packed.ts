/**
 * Checks the package as users install it: packs it, and checks types, imports, bundles and links of the packed files.
 * Needs no network: the package's dependencies are linked from `node_modules`.
 */
import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"
import { blocksOf, firstPages } from "./docs/blocks.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const home = mkdtempSync(join(tmpdir(), "effect-kv-packed-"))
process.on("exit", () => rmSync(home, { recursive: true, force: true }))

const installed = join(home, "node_modules/effect-kv")
mkdirSync(installed, { recursive: true })
execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", home], { cwd: root })
const tarball = readdirSync(home).find((name) => name.endsWith(".tgz"))!
execFileSync("tar", ["xzf", join(home, tarball), "-C", installed, "--strip-components", "1"])

const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly sideEffects: boolean
}
const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== "./package.json")
const nameOf = (subpath: string) => `effect-kv${subpath.slice(1)}`
const withoutRedis = subpaths.filter((subpath) => subpath !== "./Redis")

/** Links a package of this project's `node_modules` into the test project, by another name if `as` is given. */
const link = (name: string, as = name): void => {
  const path = join(home, "node_modules", as)
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(join(root, "node_modules", name), path)
}
link("effect")
writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module" }))

const run = (command: string, args: ReadonlyArray<string>): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: home, encoding: "utf8" })
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`)
  return stdout
}

// The site's own packages and what is built from the pages do not belong into the package.
const stray = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((file) =>
  /node_modules|\.vitepress|^docs\/(?:source|reference\/api|tools|test|live\/)/.test(file)
)
assert.deepEqual(stray, [], "files that should not be packed")

const done = (what: string): void => void process.stdout.write(`${what}\n`)

// Every file in the manifest exists, and there are no side effects.
assert.equal(manifest.sideEffects, false)
for (const [subpath, target] of Object.entries(manifest.exports)) {
  if (typeof target === "string") continue
  for (const file of Object.values(target)) assert.ok(existsSync(join(installed, file)), `${subpath}: ${file}`)
  const conditions = Object.keys(target)
  assert.ok(conditions.indexOf("types") < conditions.indexOf("module"), subpath)
  assert.equal(conditions.at(-1), "default", subpath)
}

// Types: all entries but Redis compile without the types of Node. Redis compiles with each version of ioredis.
const compile = (file: string, source: string, options: ReadonlyArray<string>): void => {
  writeFileSync(join(home, file), source)
  const strict = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022"]
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...strict, ...options, file])
}
const useAll = withoutRedis.map((subpath, i) => `export * as m${i} from "${nameOf(subpath)}"`).join("\n")
compile("all.ts", useAll, ["--module", "nodenext", "--types", ""])
compile("all.ts", useAll, ["--module", "esnext", "--moduleResolution", "bundler", "--types", ""])
link("@types/node")
for (const version of ["ioredis", "ioredis5"]) {
  link(version, "ioredis")
  const resp3 = version === "ioredis" ? ', Redis.layer({ client: new Client("", { replyMapping: "resp3" }) })' : ""
  const source = `
    import * as Redis from "effect-kv/Redis"
    import * as Sqlite from "effect-kv/Sqlite"
    import { Cluster, Redis as Client } from "ioredis"
    import { DatabaseSync } from "node:sqlite"
    export const layers = [Redis.layer({ client: new Client("redis://localhost") }), Redis.layer({ client: new Cluster([]) }),
      Redis.layer({ options: { db: 1 } }), Sqlite.layer({ database: new DatabaseSync(":memory:") })${resp3}]`
  compile("redis.ts", source, ["--module", "nodenext", "--types", "node"])
}
done(`Types of ${subpaths.length} entries compile, without those of Node where ioredis does not need them.`)

// Imports: each entry, in each installed version of Node, as Node and as bundlers resolve it.
const nodes = new Map<string, string>()
for (const folder of [dirname(process.execPath), ...(process.env.PATH ?? "").split(delimiter)]) {
  const node = join(folder, "node")
  if (existsSync(node)) nodes.set(execFileSync(node, ["--version"], { encoding: "utf8" }).trim(), node)
}
link("ioredis")
const program = `
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  for (const name of ${JSON.stringify(subpaths.map(nameOf))}) await import(name)
  const { layer } = await import("effect-kv/Sqlite")
  const built = await Effect.runPromise(Effect.result(Effect.scoped(Layer.build(layer()))))
  console.log(built._tag === "Success" ? "built" : built.failure._tag + " " + built.failure.message)`
writeFileSync(join(home, "program.js"), program)
for (const [version, node] of nodes) {
  for (const conditions of [[], ["--conditions=module"], ["--conditions=workerd"]]) {
    const answer = run(node, ["--no-warnings", ...conditions, "program.js"]).trim()
    const hasSqlite = run(node, ["-p", "process.getBuiltinModule('node:sqlite') !== undefined"]).trim() === "true"
    if (hasSqlite) assert.equal(answer, "built", version)
    else assert.match(answer, /^StoreSetupError Sqlite: .*Node 22\.16 or newer, but this is Node \d/, version)
  }
}
done(`They can be imported with ${[...nodes.keys()].join(", ")}.`)

// Bundles for browsers: the index, and each entry that needs no Node, must import nothing from Node.
const needNode = new Set(["./Redis", "./Sqlite", "./testing"])
for (const subpath of subpaths.filter((subpath) => !needNode.has(subpath))) {
  const bundle = await rolldown({
    input: "entry",
    cwd: home,
    platform: "browser",
    external: /^(effect(\/|$)|node:)/,
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? join(home, "entry.js") : null),
        load: (id) => (id === join(home, "entry.js") ? `export * from "${nameOf(subpath)}"` : null)
      }
    ]
  })
  const [{ imports }] = (await bundle.generate()).output
  assert.deepEqual(
    imports.filter((id) => !id.startsWith("effect")),
    [],
    `${subpath} in a browser`
  )
}
done("What browsers get imports nothing of Node's.")

// The programs of the texts that a stranger reads first: they compile with the packed types, and print what is shown.
link("@effect/platform-node")
link("@effect/vitest")
link("vitest")
const shown = firstPages.flatMap((file) => blocksOf(join(installed, file)))
assert.ok(shown.length > 8)
for (const [i, { code, output }] of shown.entries()) {
  compile(`shown${i}.ts`, `${code}\nexport {}\n`, ["--module", "nodenext", "--types", "node"])
  if (output === undefined || code.includes("redis://")) continue
  assert.equal(run(process.execPath, ["--no-warnings", `shown${i}.ts`]).trim(), output.trim())
}
done(`The ${shown.length} programs of the README and of AGENTS.md compile, and print what they show.`)

// Links in the packed texts lead to packed files or other sites. (Links from the docs to tests and tools are for the repository.)
const texts = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md"))
const broken = texts.flatMap((file) => {
  const text = readFileSync(join(installed, file), "utf8").replace(/```[\s\S]*?```/g, "")
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, to = ""]) => {
    if (/^(https:|#)/.test(to)) return []
    const path = resolve(installed, dirname(file), to.split("#", 1)[0]!)
    const inside = relative(installed, path)
    if (file.startsWith("docs") && /^(?:docs\/)?(?:test|tools)\//.test(inside))
      return existsSync(join(root, inside)) ? [] : [`${file}: ${to}`]
    return !inside.startsWith("..") && existsSync(path) ? [] : [`${file}: ${to}`]
  })
})
assert.deepEqual(broken, [], "links that lead nowhere")
done(`The links of ${texts.length} texts lead to what is packed.`)
