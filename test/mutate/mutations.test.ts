/** The mutations that `npm run mutate` chooses from, and the tests that it runs first. */
import { assert, describe, it } from "@effect/vitest"
import { changeOf, mutate, mutationsOf } from "./mutations.ts"
import { ownTestsOf, wideTests } from "./ownTests.ts"

/** The mutants of a text. */
const mutantsOf = (text: string) => mutationsOf("a.ts", text).map((mutation) => mutate(text, mutation))

describe("the mutations of a file", () => {
  for (const [text, ...mutants] of [
    ["if (a) b", "if (!(a)) b", "if (false) b", "if (true) b"],
    ["x = a === b ? c : d", "x = a !== b ? c : d", "x = false ? c : d", "x = true ? c : d", ";"],
    ["const x = a < b", "const x = a <= b"],
    ["const x = a && b", "const x = a || b"],
    ["const x = a ?? b", "const x = (b)", "const x = a"],
    ["const x = a + b", "const x = a - b"],
    ['const x = a + "b"'],
    ["const x = 1", "const x = (0)", "const x = (2)"],
    ["f({ is: true })", "f({ is: false })", ";"],
    ["const x = list.filter(f)", "const x = list"],
    ["const x = effect.pipe(f, g)", "const x = effect.pipe(f)", "const x = effect.pipe(g)"],
    ["const x = Effect.uninterruptible(y)", "const x = y"],
    ["const x = Effect.andThen(y, z)", "const x = y", "const x = z"],
    ["function* f() { yield* g() }", "function* f() { ; }"],
    ["const f = (): A | undefined => { return a }", "const f = (): A | undefined => { return undefined }"],
    ["const x = { ...a, b: undefined }", "const x = { ...a, ...{} }", "const x = { ...{}, b: undefined }"],
    ['import a from "b"; type X = 1 | true; let x: 1']
  ] as ReadonlyArray<ReadonlyArray<string>>) {
    it(`of ${text} are ${mutants.length}`, () => {
      assert.deepStrictEqual(mutantsOf(text!).sort(), mutants.sort())
    })
  }

  it("say their line and their change", () => {
    const [mutation] = mutationsOf("a.ts", "let é = 'ö𝒳'\nconst x = a <\n b")
    assert.strictEqual(mutation?.line, 2)
    assert.strictEqual(changeOf(mutation!), "a < b → a <= b")
  })
})

describe("the tests of a file", () => {
  const files = new Map(
    Object.entries({
      "src/index.ts": 'export * from "./wrappers/Retry.ts"',
      "src/wrappers/Retry.ts": 'import "./retry/again.ts"',
      "src/wrappers/retry/again.ts": 'import "../../time/pauses.ts"',
      "src/time/pauses.ts": "",
      "src/time/clock.ts": "",
      "test/wrappers/Retry.test.ts": 'import "../../src/index.ts"',
      "test/wrappers/retry/budget.test.ts": "",
      "test/wrappers/Other.test.ts": "",
      "test/clocks.test.ts": 'import "../src/time/clock.ts"',
      "test/workers/workers.test.ts": ""
    })
  )
  const own = ownTestsOf(files)

  it("are those with its name or the name of its folder", () => {
    const tests = ["test/wrappers/Retry.test.ts", "test/wrappers/retry/budget.test.ts"]
    assert.deepStrictEqual(own("src/wrappers/Retry.ts"), tests)
    assert.deepStrictEqual(own("src/wrappers/retry/again.ts"), tests)
  })

  it("are those that import it, or else those of the files that import it", () => {
    assert.deepStrictEqual(own("src/time/clock.ts"), ["test/clocks.test.ts"])
    assert.deepStrictEqual(own("src/time/pauses.ts"), own("src/wrappers/retry/again.ts"))
  })

  it("are followed by all tests that start no programs", () => {
    assert.deepStrictEqual(
      wideTests(files),
      [...files.keys()].filter((file) => file.endsWith(".test.ts") && !file.includes("workers"))
    )
  })
})
