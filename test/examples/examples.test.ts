import { execFile } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { describeWithRedis } from "../servers/redis.ts"

/** Not run here: parts, tests (see beside this file), the demo, and what needs a collector (see otlp.test.ts). */
const elsewhere = /^examples\/(support\/|demo\/|opentelemetry\.ts$)|\.test\.ts$/

const all = globSync("examples/**/*.ts").sort()
const examples = all.filter((file) => !elsewhere.test(file))
const remote = examples.filter((file) => /support\/remote\.ts|REDIS_URL/.test(readFileSync(file, "utf8")))

/**
 * What an example says that it prints: the comment after `// Prints:` (or, where that makes a difference, after
 * `// Prints with REDIS_URL:` and `// Prints without:`). `…` stands for any text within a line.
 */
const expectationOf = (file: string, redis: string | undefined): Array<string> | undefined => {
  const start = redis === undefined ? "// Prints(?: without)?:" : "// Prints(?: with REDIS_URL)?:"
  const comment = new RegExp(`^${start}\n((?:// .*(?:\n|$))+)`, "m").exec(readFileSync(file, "utf8"))?.[1]
  return comment
    ?.trimEnd()
    .split("\n")
    .map((line) => line.slice("// ".length))
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

const matches = (line: string, expected: string): boolean =>
  new RegExp(`^${expected.split("…").map(literally).join(".*")}$`).test(line)

interface Ended {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

const run = (file: string, redis: string | undefined): Effect.Effect<Ended> =>
  Effect.callback((resume) => {
    const { FORCE_COLOR: _, REDIS_URL: __, ...env } = process.env
    const child = execFile(
      process.execPath,
      ["--conditions=@effect-kv/source", file],
      { env: { ...env, NO_COLOR: "1", ...(redis && { REDIS_URL: redis }) }, timeout: 30_000 },
      (error, stdout, stderr) => resume(Effect.succeed({ status: error?.code ?? error?.signal ?? 0, stdout, stderr }))
    )
    return Effect.sync(() => child.kill())
  })

const twoAtATime = Semaphore.makeUnsafe(2)

const printsWhatItSays = Effect.fnUntraced(function* (file: string, redis?: string) {
  const expected = expectationOf(file, redis)
  assert.isDefined(expected, `${file} does not say what it prints`)
  const { status, stdout, stderr } = yield* Semaphore.withPermit(twoAtATime, run(file, redis))
  assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" }, stdout)
  const lines = stdout.trimEnd().split("\n")
  const shown = lines.map((line, i) => (matches(line, expected[i] ?? "") ? expected[i]! : line))
  assert.deepStrictEqual(shown, expected)
})

describe("examples", { concurrent: true, timeout: 300_000 }, () => {
  for (const file of examples) it.live(file, () => printsWhatItSays(file))
})

describeWithRedis("examples on Redis", (redis) => {
  for (const file of remote) it.live(file, () => printsWhatItSays(file, redis().url), 60_000)
})

describe("the list of examples", () => {
  const readme = readFileSync("examples/README.md", "utf8")
  const listed = [...readme.matchAll(/\]\((.+?\.ts)\)/g)].map(([, file]) => `examples/${file}`)
  const expected = all.filter((file) => !/^examples\/(support|demo)\//.test(file))

  it("has each example once", () => assert.deepStrictEqual(listed.sort(), expected))
})
