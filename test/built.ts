/**
 * Checks the built package as Node resolves it: every entry exports what its modules export, and a module that is
 * imported by two entries is one and the same.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"

type Module = Readonly<Record<string, unknown>>

const root = new URL("..", import.meta.url)
const load = (file: string): Promise<Module> => import(new URL(file, root).href)

const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  readonly exports: Readonly<
    Record<string, string | { readonly node: string; readonly workerd: string; readonly default: string }>
  >
}

const index = await load("dist/node/index.js")
let checked = 0
for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === "string") continue
  const built = await load(target.node)
  assert.deepEqual(Object.keys(built).sort(), Object.keys(await load(target.default)).sort(), subpath)
  const ofIndex = index[subpath.slice(2)] as Module | undefined
  for (const name of Object.keys(ofIndex ?? {})) assert.equal(ofIndex![name], built[name], `${subpath}: ${name}`)
  checked++
}
/** Bundlers for Workers must get the build that shares nothing between requests, whatever other conditions they set. */
const { imports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  readonly imports: { readonly "#requests": { readonly workerd: string; readonly default: string } }
}
const requests = imports["#requests"]
assert.deepEqual(
  [(await load(requests.workerd)).canShare, (await load(requests.default)).canShare],
  [false, true],
  "#requests"
)
for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === "string") continue
  const conditions = Object.keys(target)
  assert.equal(target.workerd, target.default, subpath)
  assert.ok(conditions.indexOf("workerd") < conditions.indexOf("node"), subpath)
}

process.stdout.write(`${checked} entries are the same for Node as for bundlers.\n`)
