/** Tests the fuzzer: that it reports planted faults, and that a short run over all targets finds nothing. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Metric } from "effect"
import { KeyValueError } from "effect-kv"
import { temporaryDirectory } from "../servers/process.ts"
import { describeWithOwnRedis } from "../servers/redis.ts"
import { root, runNode } from "../support/program.ts"
import { Dice } from "./Dice.ts"
import { damaged } from "./mutations.ts"
import { type Options, run, shares } from "./run.ts"
import { aeadKey, fernetKey, leakIn, otherText, ownText, passphrase, password } from "./secrets.ts"
import { shrink } from "./shrink.ts"
import { Refused, type Target, Violation, type Way } from "./target.ts"
import { all } from "./targets/all.ts"
import { judge, limits } from "./verdict.ts"

/** A target of one way, which reads inputs of a few bytes. */
const planted = (read: Way, batch = 1): Target => ({
  name: "planted",
  weight: 1,
  make: Effect.succeed({
    batch,
    input: (dice) => Uint8Array.from([...dice.bytes(20), 7, ...dice.bytes(20)]),
    store: () => Effect.void,
    ways: { read }
  })
})

const place = { operation: "get", collection: "c", keys: ["k"] } as const

const few: Options = { inputs: 8, seed: "test", limits: { millis: 100, bytes: 2 ** 40 } }

/** The result of a run on a planted target. */
const found = (read: Way, options: Partial<Options> = {}) =>
  Effect.map(run([planted(read)], { ...few, ...options }), ([row]) => row!)

const kindOf = (read: Way, options?: Partial<Options>) =>
  Effect.map(found(read, options), ({ findings }) => findings.map(({ kind }) => kind))

const busy = (millis: number): void => {
  for (const end = performance.now() + millis; performance.now() < end; );
}

describe("the fuzzer on a planted fault", () => {
  const cases: ReadonlyArray<readonly [name: string, kind: string, read: Way, options?: Partial<Options>]> = [
    ["a defect", "defect", () => Effect.die(new TypeError("planted"))],
    [
      "a thrown error",
      "defect",
      () => {
        throw new Error("planted")
      }
    ],
    [
      "a defect beside an error",
      "defect",
      () => Effect.onExit(Effect.fail(new Refused({ reason: "no" })), () => Effect.die("x"))
    ],
    ["an error without a type", "untyped error", () => Effect.fail("planted")],
    ["a hang", "hang", () => Effect.never, { inputs: 1 }],
    ["a busy loop", "hang", () => Effect.sync(() => busy(150)), { inputs: 1 }],
    ["a value of another key", "another key's value", () => Effect.succeed([{ text: otherText }])],
    ["a value of another key in bytes", "another key's value", () => Effect.succeed(Buffer.from(`x${otherText}`))],
    ["a violation", "incomplete", () => Effect.fail(new Violation({ kind: "incomplete", detail: "planted" }))],
    ["an interruption", "defect", () => Effect.interrupt],
    [
      "a leak in a message",
      "leaked secret",
      () => Effect.fail(new KeyValueError.DeserializationError({ ...place, reason: `not JSON: ${ownText}` }))
    ],
    [
      "a leak in a field of an error",
      "leaked secret",
      () =>
        Effect.fail(
          new KeyValueError.StoreError({ ...place, reason: "no", cause: { key: Buffer.from(fernetKey, "base64url") } })
        )
    ],
    [
      "a leak in a log line",
      "leaked secret",
      () => Effect.logTrace("connecting", { url: `redis://:${password}@host` })
    ],
    ["a leak in a span", "leaked secret", () => Effect.succeed(1).pipe(Effect.withSpan(`get ${passphrase}`))],
    [
      "a leak in a span's attribute",
      "leaked secret",
      () => Effect.succeed(1).pipe(Effect.withSpan("get", { attributes: { key: aeadKey } }))
    ]
  ]
  for (const [name, kind, read, options] of cases) {
    it.live(`reports ${name}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* kindOf(read, options), [kind])
      })
    )
  }

  it.live("reports a leak in a metric", () =>
    Effect.gen(function* () {
      const counter = Metric.withAttributes(Metric.counter("fuzz_planted"), { label: passphrase })
      const row = yield* found(() => Effect.as(Metric.update(counter, 1), 1))
      assert.deepStrictEqual(
        row.findings.map(({ kind }) => kind),
        ["leaked secret"]
      )
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("reports a waste of memory", () =>
    Effect.gen(function* () {
      const kept: Array<Buffer> = []
      const read = () => Effect.sync(() => kept.push(Buffer.alloc(96 * 2 ** 20, 1)))
      const limit = { millis: 10_000, bytes: 64 * 2 ** 20 }
      assert.deepStrictEqual(yield* kindOf(read, { inputs: 1, limits: limit }), ["memory"])
    })
  )
})

describe("the fuzzer", () => {
  it.live("counts values, misses and errors by their tags", () =>
    Effect.gen(function* () {
      const answers = [Effect.succeed(1), Effect.undefined, Effect.fail(new Refused({ reason: "no" }))]
      let next = 0
      const row = yield* found(() => Effect.suspend((): Effect.Effect<unknown, unknown> => answers[next++ % 3]!), {
        inputs: 7
      })
      const { inputs, values, misses, errors, violations } = row
      assert.deepStrictEqual(
        { inputs, values, misses, errors, violations },
        { inputs: 7, values: 3, misses: 2, errors: { Refused: 2 }, violations: 0 }
      )
    })
  )

  it.live("makes the same inputs from the same seed, and others from another", () =>
    Effect.gen(function* () {
      const inputsOf = Effect.fnUntraced(function* (seed: string) {
        const inputs: Array<string> = []
        yield* found((_, input) => Effect.sync(() => inputs.push(Buffer.from(input).toString("hex"))), { seed })
        return inputs
      })
      const inputs = yield* inputsOf("a")
      assert.strictEqual(new Set(inputs).size, few.inputs)
      assert.deepStrictEqual(yield* inputsOf("a"), inputs)
      assert.notDeepEqual(yield* inputsOf("b"), inputs)
    })
  )

  it.live("reads an input from a finding again", () =>
    Effect.gen(function* () {
      const replay = Uint8Array.of(1, 2, 3)
      const read: Way = (_, input) => (input.length === 3 ? Effect.die("planted") : Effect.undefined)
      const { inputs, findings } = yield* found(read, { inputs: 1, replay })
      assert.strictEqual(inputs, 1)
      assert.deepStrictEqual(
        findings.map(({ input, shrunk }) => [input, shrunk]),
        [["AQID", "AQID"]]
      )
    })
  )

  it.live("shrinks an input to the part that shows the violation", () =>
    Effect.gen(function* () {
      const read: Way = (_, input) => (input.includes(7) ? Effect.die("planted") : Effect.undefined)
      const { findings, violations } = yield* found(read)
      assert.strictEqual(violations, few.inputs)
      assert.deepStrictEqual(
        findings.map(({ shrunk }) => shrunk),
        [Buffer.from([7]).toString("base64")]
      )
      const [finding] = findings
      assert.isTrue(Buffer.from(finding!.input, "base64").includes(7))
    })
  )

  it.live("shrinks in a limited number of tries", () =>
    Effect.gen(function* () {
      let tries = 0
      const fails = () => Effect.sync(() => ++tries < 0)
      assert.strictEqual((yield* shrink(new Uint8Array(1000), fails, 50)).length, 1000)
      assert.strictEqual(tries, 50)
    })
  )

  it.live("gives up on a target that always fails", () =>
    Effect.gen(function* () {
      const { inputs } = yield* found(() => Effect.die("planted"), { inputs: 1000 })
      assert.isBelow(inputs, 100)
    })
  )

  it.live("does not take one slow read for a hang", () =>
    Effect.gen(function* () {
      let reads = 0
      const read = () => Effect.sync(() => (reads++ === 0 ? busy(150) : undefined))
      assert.deepStrictEqual(yield* kindOf(read, { inputs: 3 }), [])
      assert.strictEqual(reads, 4)
    })
  )

  it("shares inputs by weight, with at least one for each target", () => {
    const targets = [10, 5, 0.01].map((weight) => ({ ...planted(() => Effect.void), weight }))
    assert.deepStrictEqual(shares(targets, 1000), [666, 333, 1])
  })

  it("finds secrets in every form in which bytes are printed", () => {
    const bytes = Buffer.from(ownText)
    for (const form of [
      ownText,
      bytes.toString("hex"),
      bytes.toString("base64"),
      Buffer.from(`{"a":"${ownText}"}`).toString("base64"),
      Buffer.from(`{"ab":"${ownText}"}`).toString("base64url"),
      inspect(bytes),
      inspect(Uint8Array.from(bytes)),
      JSON.stringify([...bytes]),
      encodeURIComponent(ownText)
    ]) {
      assert.match(leakIn(`before ${form} after`) ?? form, /^the plaintext in/, form)
    }
    assert.isUndefined(leakIn("nothing of the kind"))
  })

  it("damages its input in many ways", () => {
    const valid = [Buffer.from('{"value":{"a":1},"version":1}'), Buffer.from([0xeb, 0x4b, 0x56, 1, 0, 0, 0, 0, 1, 0])]
    const inputs = Array.from({ length: 2000 }, (_, i) =>
      Buffer.from(damaged(new Dice(String(i)), valid)).toString("hex")
    )
    assert.isAbove(new Set(inputs).size, 1200)
    const same = inputs.filter((input) => valid.some((it) => it.toString("hex") === input)).length
    assert.isBelow(same, 200)
  })

  it("reports reads that take more than a second or 256 MiB", () => {
    const good = { exit: Exit.succeed(1), millis: 1000, bytes: 256 * 2 ** 20, emitted: "" }
    assert.strictEqual(judge(good, limits)._tag, "value")
    assert.strictEqual(judge({ ...good, millis: 1001 }, limits)._tag, "violation")
    assert.strictEqual(judge({ ...good, bytes: good.bytes + 1 }, limits)._tag, "violation")
  })
})

describeWithOwnRedis("damaged bytes in the command", () => {
  it.live(
    "are read as a value, a miss or a typed error by every target",
    () =>
      Effect.gen(function* () {
        const json = join(yield* temporaryDirectory, "report.json")
        const args = ["--inputs", "300", "--seed", "ci", "--json", json]
        const { status, output, notes } = yield* runNode(["--expose-gc", "test/fuzz/main.ts", ...args])
        assert.strictEqual(status, 0, output + notes)
        assert.include(output, "All 300 inputs hold.")
        const report = JSON.parse(readFileSync(json, "utf8"))
        assert.deepStrictEqual(
          report.targets.map(({ name }: { readonly name: string }) => name),
          all.map(({ name }) => name)
        )
        assert.strictEqual(report.values + report.misses + report.errors, 300)
        assert.strictEqual(report.violations, 0)
      }),
    120_000
  )
})

describe("npm run fuzz", { timeout: 120_000 }, () => {
  it.live("lists the targets when a name is wrong", () =>
    Effect.gen(function* () {
      const { status, notes } = yield* runNode(["test/fuzz/main.ts", "--only", "nothing like this"])
      assert.strictEqual(status, 1)
      assert.include(notes, "there is no such target. There are:\n  managed entry\n  frames\n")
    })
  )

  it.live("ends when there is no progress, and prints the input", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "hang.mjs")
      writeFileSync(
        file,
        `import { Watchdog } from ${JSON.stringify(join(root, "test/fuzz/watchdog.ts"))}
        new Watchdog(0.5).at("planted, seed 1, input 7", Uint8Array.of(1, 2, 3))
        setTimeout(() => { for (;;); }, 100)`
      )
      const { status, notes } = yield* runNode([file])
      assert.strictEqual(status, 137, notes)
      assert.include(notes, "no progress for 0.5 s: planted, seed 1, input 7\n  input AQID")
    })
  )
})
