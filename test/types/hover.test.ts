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
  atomicUpdate: ['atomic.update("a", () => 1)', "Atomic.UpdateError"]
}

describe("the types of calls", () => {
  it("show errors by name, and not as a list of their members", { timeout: 60_000 }, () => {
    const directory = ".cache/hover"
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    const module = [
      'import { Effect } from "effect"',
      'import { Atomic, Collection, Enumeration, Maintenance } from "effect-kv"',
      "type All = Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance",
      "declare const users: Collection.With<All, string>",
      "declare const atomic: Atomic.Service",
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
      assert.include(typeOf(name).replaceAll(/import\("[^"]*"\)\./g, ""), `, ${errors}, never>`, name)
    }
  })
})
