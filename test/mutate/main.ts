/** Random small changes of the sources, each of which some test should notice: `npm run mutate -- --help`. */
import { matchesGlob } from "node:path"
import { fileURLToPath } from "node:url"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { Dice } from "../fuzz/Dice.ts"
import { Copy } from "./Copy.ts"
import { type Mutation, mutate, mutationsOf } from "./mutations.ts"
import { ownTestsOf, wideTests } from "./ownTests.ts"
import * as report from "./report.ts"

const flags = {
  files: Flag.String("files").pipe(
    Flag.withDescription("Only files that match this pattern, such as 'src/wrappers/**' (default: src/**)"),
    Flag.withMetavar("GLOB"),
    Flag.withDefault("src/**")
  ),
  count: Flag.Int("count").pipe(
    Flag.withDescription("How many mutants (default: 50; each takes seconds, a survivor minutes)"),
    Flag.withDefault(50)
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDescription("Which mutants are picked; the same seed picks the same ones (default: 1)"),
    Flag.withDefault("1")
  ),
  own: Flag.Boolean("own").pipe(
    Flag.withDescription("Run each mutant against its own tests only: faster, with more survivors"),
    Flag.withDefault(false)
  ),
  list: Flag.Boolean("list").pipe(
    Flag.withDescription("Print the mutants and their tests, and run nothing"),
    Flag.withDefault(false)
  )
}

/** Different mutations, in random order. */
const pick = (mutations: ReadonlyArray<Mutation>, count: number, seed: string): ReadonlyArray<Mutation> => {
  const dice = new Dice(seed)
  const left = [...mutations]
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(dice.below(left.length), 1)[0]!)
}

/** What fails first, as vitest prints it. */
const failureIn = (output: string): string | undefined => /FAIL\s+(?:\S+ )?(test\/.*)/.exec(output)?.[1]?.trim()

const killedBy = { failed: "killed", "timed out": "timed out" } as const

const root = fileURLToPath(new URL("../..", import.meta.url))

const mutants = Command.make(
  "mutate",
  flags,
  Effect.fn(function* ({ files, count, seed, own, list }) {
    const copy = yield* Copy.make(root)
    const sources = [...copy.files.keys()].filter((file) => file.startsWith("src/") && matchesGlob(file, files))
    const mutations = pick(
      sources.flatMap((file) => mutationsOf(file, copy.files.get(file)!)),
      count,
      seed
    )
    if (mutations.length === 0) return yield* report.fail(`no file of src that can be mutated matches ${files}`)
    const ownTests = ownTestsOf(copy.files)
    const line = Effect.fnUntraced(function* (result: report.Result) {
      yield* Console.log(yield* report.line(result))
      return result
    })
    if (list) {
      for (const mutation of mutations)
        yield* line({ mutation, status: "survived", by: ownTests(mutation.file).join(" "), seconds: 0 })
      return
    }

    const wide = own ? [] : wideTests(copy.files)
    const needed = new Set([...wide, ...mutations.flatMap(({ file }) => ownTests(file))])
    yield* Console.log(`Running ${needed.size} test files without a mutation …`)
    const durations = yield* copy.measure([...needed])
    const unfit = [...needed].filter((test) => durations.get(test) === undefined)
    if (unfit.length > 0) yield* Console.log(`Left out, since they fail without a mutation: ${unfit.join(", ")}`)

    const usable = (tests: ReadonlyArray<string>) => tests.filter((test) => durations.get(test) !== undefined)
    const run = (tests: ReadonlyArray<string>) =>
      copy.test(tests, 30 + (4 * tests.reduce((sum, test) => sum + durations.get(test)!, 0)) / 1000)
    /** A test that fails kills the mutant, unless it passes alone: then it failed for another reason. */
    const against: (tests: ReadonlyArray<string>) => Effect.Effect<Pick<report.Result, "status" | "by"> | undefined> =
      Effect.fnUntraced(function* (tests) {
        if (tests.length === 0) return undefined
        const { status, output } = yield* run(tests)
        if (status === "passed") return undefined
        const by = failureIn(output)
        const file = by?.split(" ")[0]
        if (status === "timed out" || file === undefined || !tests.includes(file))
          return { status: killedBy[status], by }
        if ((yield* run([file])).status !== "passed") return { status: "killed", by }
        return yield* against(tests.filter((test) => test !== file))
      })
    const judge = Effect.fnUntraced(function* ({ file }: Mutation) {
      if (!(yield* copy.typesAgree)) return { status: "does not compile", by: undefined } as const
      const tests = ownTests(file)
      const rest = wide.filter((test) => !tests.includes(test))
      return (
        (yield* against(usable(tests))) ??
        (yield* against(usable(rest))) ??
        ({ status: "survived", by: undefined } as const)
      )
    })

    const results: Array<report.Result> = []
    for (const mutation of mutations) {
      const start = performance.now()
      const text = mutate(copy.files.get(mutation.file)!, mutation)
      const verdict = yield* copy.with(mutation.file, text, judge(mutation))
      results.push(yield* line({ mutation, ...verdict, seconds: (performance.now() - start) / 1000 }))
    }
    yield* Console.log(yield* report.summary(results))
  }, Effect.scoped)
).pipe(
  Command.withDescription(
    "Makes random small changes of src in a copy of the project, and says which of them no test notices"
  )
)

mutants.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
