/** Tests that the types of calls show errors by name. Declarations have the same types as the hover of an editor. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const calls: Readonly<Record<string, readonly [call: string, errors: string]>> = {
  get: ['users.get("a")', "ReadError"],
  getOrFail: ['users.getOrFail("a")', "Collection.GetError"],
  getManyResults: ['users.getManyResults(["a"])', "ReadError"],
  getOrSet: ['users.getOrSet("a", Effect.fail("boom" as const))', '"boom" | Collection.GetOrSetError'],
  touch: ['users.touch("a")', "Atomic.UpdateError"],
  update: ['users.update("a", (user) => user)', "Atomic.UpdateError"],
  updateEffect: ['users.updateEffect("a", () => Effect.fail("boom" as const))', '"boom" | Atomic.UpdateError'],
  getAndDelete: ['users.getAndDelete("a")', "Atomic.UpdateError"],
  keys: ["users.keys()", "Collection.ListError"],
  entries: ["users.entries()", "ReadError"],
  clear: ["users.clear", "WriteError"],
  upgrade: ["users.upgrade()", "Atomic.UpdateError"],
  getOrSetLeased: [
    'users.getOrSet("a", Effect.fail("boom" as const), { lease: "10 seconds" })',
    '"boom" | StoreSetupError | Collection.GetOrSetError'
  ],
  atomicUpdate: ['atomic.update("a", () => 1)', "Atomic.UpdateError"],
  cacheGet: ['products.get("a")', 'LoadingCache.GetError<"boom", never>'],
  cacheGetOrFail: ['strict.get("a")', 'LoadingCache.GetError<"boom", ReadError>'],
  cacheGetMany: ['products.getMany(["a"])', 'LoadingCache.GetError<"boom", never>'],
  cachePeek: ['products.peek("a")', "ReadError"],
  cacheSet: ['products.set("a", "b")', "LoadingCache.SetError"],
  cacheRefresh: ['products.refresh("a")', 'LoadingCache.GetError<"boom", never>'],
  cacheInvalidate: ['products.invalidate("a")', "WriteError"],
  cacheInvalidateTags: ['products.invalidateTags(["a"])', "WriteError"],
  withLease: [
    'Lease.withLease("a", {}, () => Effect.fail("boom" as const))',
    '"boom" | LeaseLostError | Lease.AcquireError'
  ],
  acquireLease: ['Lease.acquire("a")', "Lease.AcquireError"],
  whenLost: ["lease.whenLost", "LeaseLostError"],
  once: [
    'Idempotency.once("a", Effect.fail("boom" as const), { ttl: "1 day", success: Schema.String })',
    '"boom" | Idempotency.OnceError'
  ],
  namedGet: ['sessions.get("a")', "ReadError"],
  namedPut: ['sessions.put("a", 1)', "WriteError"],
  namedUpdate: ['sessions.update("a", () => 1)', "Atomic.UpdateError"],
  namedLayer: ["Sessions.layer(Memory.layer())", "StoreSetupError"]
}

describe("the types of calls", () => {
  it("show errors by name, and not as a list of their members", { timeout: 60_000 }, () => {
    const directory = ".cache/hover"
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    const module = [
      'import { Effect, Schema } from "effect"',
      'import { Atomic, Collection, Enumeration, Idempotency, Lease, LoadingCache, Maintenance, Memory, Store } from "effect-kv"',
      'import type { ReadError } from "effect-kv/KeyValueError"',
      "type All = Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance",
      "declare const users: Collection.With<All, string>",
      "declare const atomic: Atomic.Service",
      'declare const products: LoadingCache.LoadingCache<string, string, "boom">',
      'declare const strict: LoadingCache.LoadingCache<string, string, "boom", ReadError>',
      "declare const lease: Lease.Lease",
      'class Sessions extends Store.Service<Sessions>()("Sessions", { capabilities: [Atomic.Atomic] }) {}',
      "declare const sessions: Store.Shape<typeof Atomic.Atomic>",
      ...Object.entries(calls).map(([name, [call]]) => `export const ${name} = ${call}`)
    ]
    writeFileSync(join(directory, "calls.ts"), module.join("\n"))
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: {
        rootDir: "../..",
        outDir: "out",
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        plugins: []
      },
      include: ["calls.ts"]
    }
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config))
    const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", directory, "--singleThreaded"], {
      encoding: "utf8"
    })
    assert.strictEqual(tsc.stdout, "")
    const declarations = readFileSync(join(directory, "out", directory, "calls.d.ts"), "utf8")
    const typeOf = (name: string) => new RegExp(`const ${name}: (.*?);\\n`, "s").exec(declarations)?.[1] ?? ""
    for (const [name, [, errors]] of Object.entries(calls)) {
      assert.include(
        typeOf(name)
          .replaceAll(/import\("[^"]*"\)\./g, "")
          .replaceAll(/\s+/g, " "),
        `, ${errors}, `,
        name
      )
    }
  })
})
