/**
 * Runs the libraries of bench/package.json through the experiments, and writes docs/evidence/data/peers.json:
 * `node docs/tools/evidence/peers/main.ts`, or with the names of some experiments. It starts a redis-server, and takes about two minutes.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { installPeers } from "../../../../bench/install.ts"
import { root } from "../../paths.ts"
import { bundleSize } from "./bundle.ts"
import * as caches from "./experiments/caches.ts"
import * as stores from "./experiments/stores.ts"
import type { Library } from "./Library.ts"
import { libraries } from "./libraries.ts"
import { type Server, startRedis } from "./redis.ts"

type Experiment = (library: Library, server: Server) => Promise<stores.Row>

/** The experiments, and the part of a library that they need. One library after the other, or all at once. */
const experiments: ReadonlyArray<readonly [name: string, part: keyof Library, run: Experiment, atOnce: boolean]> = [
  ["outage", "store", stores.outage, true],
  ["lost", "store", stores.lost, true],
  ["unheard", "store", stores.unheard, false],
  ["values", "store", stores.values, false],
  ["mutation", "store", stores.mutation, false],
  ["ttl", "store", stores.ttl, false],
  ["clearing", "store", stores.clearing, false],
  ["stampede", "cache", caches.stampede, false],
  ["staleness", "cache", caches.staleness, false],
  ["storeDown", "cache", caches.storeDown, true],
  ["invalidation", "cache", caches.invalidation, false],
  ["coherence", "near", caches.coherence, false],
  ["bundle", "bundle", async (library) => ({ size: await bundleSize(library) }), false]
]

installPeers()

const versionOf = (folder: string): string => JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8")).version

const versions = {
  "effect-kv": versionOf("."),
  keyv: versionOf("bench/node_modules/keyv-6"),
  "@keyv/redis": versionOf("bench/node_modules/@keyv/redis"),
  unstorage: versionOf("bench/node_modules/unstorage"),
  "cache-manager": versionOf("bench/node_modules/cache-manager"),
  cacheable: versionOf("bench/node_modules/cacheable"),
  bentocache: versionOf("bench/node_modules/bentocache"),
  effect: versionOf("node_modules/effect"),
  ioredis: versionOf("node_modules/ioredis5")
}

const only = process.argv.slice(2)
const file = `${root}docs/evidence/data/peers.json`
const earlier = only.length === 0 ? {} : JSON.parse(readFileSync(file, "utf8")).results
const server = await startRedis()
const results: Record<string, Record<string, stores.Row>> = earlier
for (const [name, part, run, atOnce] of experiments) {
  if (only.length > 0 && !only.includes(name)) continue
  const subjects = libraries.filter((library) => library[part] !== undefined && (library.only?.includes(name) ?? true))
  const rows: Record<string, stores.Row> = {}
  const one = async (library: Library) => {
    rows[library.name] = await run(library, server)
    console.log(name, library.name, rows[library.name])
  }
  if (atOnce) await Promise.all(subjects.map(one))
  else for (const library of subjects) await one(library)
  results[name] = Object.fromEntries(subjects.map((library) => [library.name, rows[library.name]!]))
}
await server.close()
const redis = execFileSync("redis-server", ["--version"], { encoding: "utf8" }).match(/v=(\S+)/)?.[1]
const date = new Date().toISOString().slice(0, 10)
writeFileSync(file, `${JSON.stringify({ date, node: process.version, redis, versions, results }, undefined, 2)}\n`)
process.exit(0)
