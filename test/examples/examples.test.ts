/** Tests that every example runs, and prints what its comment says. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { globSync, readFileSync } from "node:fs"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { describeWithRedis } from "../servers/redis.ts"
import { bundled } from "../support/bundled.ts"

/** Parts that examples import, and programs with tests of their own. */
const parts =
  /^examples\/(support\/|demo\/|tutorial\/|coming-from\/|sessions\/(?!visit|.*\.test\.)|outages\/(?!compare))/

/** Not run here: parts, tests (see beside this file), and the example that needs a collector (see otlp.test.ts). */
const isElsewhere = (file: string): boolean => parts.test(file) || /opentelemetry\.ts$|\.test\.ts$/.test(file)

const all = globSync("examples/**/*.ts").sort()
const examples = all.filter((file) => !isElsewhere(file))
const remote = examples.filter((file) => /support\/remote\.ts|REDIS_URL/.test(readFileSync(file, "utf8")))

/**
 * The expected output of an example: the comment after `// Prints:` (or, where Redis makes a difference, after
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
  readonly file: string
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const environment = (redis: string | undefined) => {
  const { FORCE_COLOR: _, REDIS_URL: __, ...env } = process.env
  return { ...env, NO_COLOR: "1", ...(redis && { REDIS_URL: redis, STORE_KEY: `${"A".repeat(43)}=` }) }
}

const node = (args: ReadonlyArray<string>, redis?: string) =>
  spawn(process.execPath, ["--conditions=@effect-kv/source", ...args], {
    env: environment(redis),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    timeout: 120_000
  })

const textOf = (stream: unknown): Promise<string> => text(stream as Readable)

/** Runs examples one after another in one process; see `runner.ts`. */
const runTogether = async (files: ReadonlyArray<string>, redis?: string): Promise<ReadonlyArray<Ended>> => {
  const reports = await textOf(node(["test/examples/runner.ts", ...files], redis).stdio[3])
  return reports.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Ended]))
}

const runAlone = async (file: string, redis?: string): Promise<Ended> => {
  const child = node([await bundled(file)], redis)
  const status = once(child, "exit")
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  return { file, status: Number((await status)[0]), stdout, stderr }
}

/** An example that others import runs only as the main program, and metrics are shared by the whole process. */
const needsProcess = (file: string): boolean =>
  /import\.meta\.main|Metric\.|"\/metrics"/.test(readFileSync(file, "utf8"))

const runAll = async (files: ReadonlyArray<string>, redis?: string): Promise<ReadonlyMap<string, Ended>> => {
  const together = runTogether(
    files.filter((file) => !needsProcess(file)),
    redis
  )
  const alone = files.filter(needsProcess).map((file) => runAlone(file, redis))
  const ended = await Promise.all([together, ...alone])
  return new Map(ended.flat().map((it) => [it.file, it]))
}

/** A log line of Effect, with its annotations. The comments leave out what `Health` logs. */
const logLine = /^\[\d\d:\d\d:\d\d\.\d{3}\] [A-Z]+ \(#\d+\)(?:.*\{\n(?: {2}.*\n)*\}|.*)\n/gm

const printsWhatItSays = (file: string, ended: ReadonlyMap<string, Ended>, redis?: string) => {
  const expected = expectationOf(file, redis)
  assert.isDefined(expected, `${file} does not say what it prints`)
  const found = ended.get(file)
  assert.isDefined(found, `the run ended before ${file} began, or while it ran: see the last of those that did`)
  const { status, stdout, stderr } = found
  assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" }, stdout)
  const lines = stdout.replaceAll(logLine, "").trimEnd().split("\n")
  const shown = lines.map((line, i) => (matches(line, expected[i] ?? "") ? expected[i]! : line))
  assert.deepStrictEqual(shown, expected)
}

describe("examples", () => {
  let ended: ReadonlyMap<string, Ended>
  beforeAll(async () => {
    ended = await runAll(examples)
  }, 150_000)
  for (const file of examples) it(`${file} prints what its comment says`, () => printsWhatItSays(file, ended))
})

describeWithRedis("examples on Redis", (redis) => {
  let ended: ReadonlyMap<string, Ended>
  beforeAll(async () => {
    ended = await runAll(remote, redis().url)
  }, 150_000)
  for (const file of remote)
    it(`${file} prints what its comment says, on Redis`, () => printsWhatItSays(file, ended, redis().url))
})

describe("the list of examples", () => {
  const readme = readFileSync("examples/README.md", "utf8")
  const listed = [...readme.matchAll(/\]\((.+?\.ts)\)/g)].map(([, file]) => `examples/${file}`)
  const expected = all.filter((file) => !parts.test(file))

  it("names each example once", () => assert.deepStrictEqual(listed.sort(), expected))
})
