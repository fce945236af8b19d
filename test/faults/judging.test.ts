/** Tests that the verdicts on faults detect what they look for. */
import { assert, describe, it, vi } from "@effect/vitest"
import { TerminalCapabilities } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { StoreError, StoreUnavailableError } from "../../src/KeyValueError.ts"
import { Ledger } from "./crash/Ledger.ts"
import { allKeys, firstOf, valueOf } from "./crash/values.ts"
import { History } from "./history.ts"
import { Calls } from "./load.ts"
import * as report from "./report.ts"
import { type Expectation, failed, judged, type Observation, skipped, violations } from "./row.ts"

const nothingLeft = { connections: 0, timers: 0, files: 0 }

const place = { operation: "put", collection: "c", keys: ["k"] } as const

describe("a row", () => {
  const expected: Expectation = { tags: ["StoreError", "TimeoutError"], memory: "kept", backWithin: 100 }
  const good: Observation = {
    calls: 10,
    failures: { TimeoutError: 2 },
    defects: [],
    slowest: 1300,
    limit: 1000,
    late: 10,
    back: 100,
    acknowledged: 5,
    lost: 0,
    wrongReads: [],
    closing: 1000,
    connections: 0,
    timers: 0,
    files: 0
  }

  it("holds when every figure is within its limit", () => {
    assert.deepStrictEqual(violations(good, expected), [])
    assert.deepStrictEqual(violations({ ...good, failures: {} }, { ...expected, tags: [] }), [])
    assert.strictEqual(judged("a", "b", expected, good).status, "held")
  })

  const broken: ReadonlyArray<readonly [what: string, change: Partial<Observation>, violation: RegExp]> = [
    ["an error that does not belong to the fault", { failures: { StoreUnavailableError: 1 } }, /saw StoreUnavailable/],
    ["a fault without an effect", { failures: {} }, /no caller saw/],
    ["a defect", { defects: ["TypeError: x"] }, /1 untyped: TypeError: x/],
    ["a caller that waited too long", { late: 11 }, /waited 11 ms beyond/],
    ["a service that did not come back", { back: undefined }, /did not come back/],
    ["a service that came back late", { back: 101 }, /after 101 ms only/],
    ["a lost write", { lost: 1 }, /1 acknowledged writes were lost/],
    ["a wrong read", { wrongReads: ["k is foreign"] }, /1 wrong reads: k is foreign/],
    ["a layer that does not close", { closing: 1001 }, /closing a layer took 1001 ms/],
    ["a connection", { connections: 1 }, /1 connections/],
    ["a timer", { timers: 1 }, /1 timers/],
    ["a file", { files: 1 }, /1 temporary files/]
  ]
  for (const [what, change, violation] of broken) {
    it(`is violated by ${what}`, () => {
      const row = judged("a", "b", expected, { ...good, ...change })
      assert.strictEqual(row.status, "violated")
      assert.lengthOf(row.violations, 1)
      assert.match(row.violations[0]!, violation)
    })
  }

  it("counts lost writes only if the server keeps its memory", () => {
    for (const memory of ["lost", "replicated"] as const) {
      assert.deepStrictEqual(violations({ ...good, lost: 3 }, { ...expected, memory }), [])
    }
  })
})

describe("the report", () => {
  const seen: Observation = {
    calls: 12,
    failures: { StoreError: 3, TimeoutError: 1 },
    defects: [],
    slowest: 1001.4,
    limit: 1000,
    back: 12.6,
    acknowledged: 7,
    lost: 2,
    wrongReads: [],
    connections: 1,
    timers: 2,
    files: 4
  }
  const rows = {
    held: judged("a", "Redis", { tags: ["StoreError", "TimeoutError"], memory: "lost" }, { ...seen, ...nothingLeft }),
    violated: judged("b", "Redis", { tags: ["StoreError", "TimeoutError"], memory: "kept" }, seen, ["a note"]),
    broken: failed("c", "Sqlite", "no server"),
    skipped: skipped("d", "Sqlite", "no disk")
  }
  const plain = Effect.provideService(TerminalCapabilities.TerminalCapabilities, {
    canColor: false,
    canAnimate: false,
    canPrompt: false
  })

  it.effect("has a line for each row, with its violations below", () =>
    Effect.gen(function* () {
      const line = (row: (typeof rows)[keyof typeof rows]) =>
        Effect.map(plain(report.line(row)), (line) => line.replaceAll(/ +/g, " ").split("\n "))
      assert.deepStrictEqual(yield* line(rows.held), [
        "✓ a Redis 12 StoreError 3, TimeoutError 1 1001 of 1000 13 ms 7 (2) 0"
      ])
      assert.deepStrictEqual(yield* line(rows.violated), [
        "✗ b Redis 12 StoreError 3, TimeoutError 1 1001 of 1000 13 ms 7 2 7",
        "2 acknowledged writes were lost",
        "1 connections were left open",
        "2 timers were left over",
        "4 temporary files were left over",
        "a note"
      ])
      assert.deepStrictEqual(yield* line(rows.broken), [
        "✗ c Sqlite violated",
        "it could not be carried out: no server"
      ])
      assert.deepStrictEqual(yield* line(rows.skipped), ["- d Sqlite skipped", "no disk"])
    })
  )

  it.effect("ends with a summary", () =>
    Effect.gen(function* () {
      const last = (some: ReadonlyArray<(typeof rows)[keyof typeof rows]>) =>
        Effect.map(plain(report.summary(some)), (text) => text.split("\n").at(-1))
      assert.strictEqual(yield* last([rows.held]), "✓ 1 of 1 faults were survived as promised.")
      assert.strictEqual(
        yield* last([rows.held, rows.skipped]),
        "✓ 1 of 2 faults were survived as promised. 1 could not be tried here."
      )
      assert.strictEqual(
        yield* last(Object.values(rows)),
        "✗ 2 of 4 faults broke a promise. 1 could not be tried here."
      )
    })
  )
})

describe("the history of writes", () => {
  const history = new History()
  const write = (outcome: "acknowledged" | "not-applied" | "unknown") => {
    const value = history.begin("k")
    if (outcome === "acknowledged") history.succeeded(value)
    else history.failed(value, outcome)
    return value
  }
  const [unknown, acknowledged, refused, open] = [
    write("unknown"),
    write("acknowledged"),
    write("not-applied"),
    write("unknown")
  ]

  it("accepts the last acknowledged write and later ones, and reports others", () => {
    assert.strictEqual(history.judge("k", acknowledged), "right")
    assert.strictEqual(history.judge("k", open), "right")
    assert.strictEqual(history.judge("k", undefined), "lost")
    assert.strictEqual(history.judge("k", unknown), "lost")
    assert.strictEqual(history.judge("k", refused), "not-applied but visible")
    assert.strictEqual(history.judge("k", { ...open, n: 5 }), "foreign")
    assert.strictEqual(history.judge("other", open), "foreign")
    assert.strictEqual(history.judge("k", { ...open, key: "other" }), "foreign")
    assert.strictEqual(history.judge("k", { ...open, padding: "half" }), "foreign")
  })

  it("judges a read by the writes that were acknowledged when it began", () => {
    assert.strictEqual(history.judge("k", undefined, 0), "right")
    assert.strictEqual(history.judge("k", unknown, 0), "right")
    assert.strictEqual(history.acknowledged, 1)
  })
})

describe("calls after the fault", () => {
  it("are back when both kinds succeed and none fails any more", () => {
    const now = vi.spyOn(performance, "now")
    const stalls = { total: 0 }
    const calls = new Calls(1000, stalls)
    const add = (kind: "read" | "write", began: number, ended: number, ok: boolean) => {
      now.mockReturnValue(ended)
      const failure = new StoreUnavailableError({ ...place, reason: "gone", sent: false })
      calls.add(kind, { at: began, stalled: 0 }, ok ? Exit.void : Exit.fail(failure))
    }
    add("read", 0, 50, true)
    now.mockReturnValue(100)
    calls.faultEnded()
    add("write", 90, 1000, false)
    add("read", 110, 120, true)
    assert.isUndefined(calls.back, "writes have not succeeded yet")
    add("write", 110, 150, true)
    assert.strictEqual(calls.back, 50)
    add("write", 130, 180, false)
    assert.strictEqual(calls.back, 80)
    now.mockReturnValue(579)
    assert.isFalse(calls.isBackFor(400))
    now.mockReturnValue(580)
    assert.isTrue(calls.isBackFor(400))
    assert.deepStrictEqual([calls.count, calls.slowest], [5, 910])
    assert.deepStrictEqual(calls.failures, { StoreUnavailableError: 2 })
    calls.add("read", { at: 0, stalled: 0 }, Exit.fail(new StoreError({ ...place, reason: "no" })))
    calls.add("read", { at: 0, stalled: 0 }, Exit.die("a bug"))
    assert.deepStrictEqual(calls.failures, { StoreUnavailableError: 2, StoreError: 1 })
    assert.lengthOf(calls.defects, 1)
    assert.strictEqual(calls.late, 0)
    stalls.total = 400
    add("write", -900, 580, false)
    assert.strictEqual(calls.late, 80)
    now.mockRestore()
  })
})

describe("the ledger of killed writers", () => {
  const [first = "", second = "", third = ""] = allKeys
  const run = (lines: ReadonlyArray<string>, found: Readonly<Record<string, unknown>>, atomic = false) => {
    const ledger = new Ledger()
    ledger.add(lines)
    const at = (found: Readonly<Record<string, unknown>>) =>
      ledger.judge(
        1,
        allKeys.map((key) => found[key]),
        atomic
      )
    return { ledger, at, ...at(found) }
  }
  const n = firstOf(1) + 1

  it("accepts acknowledged changes, and changes whose writer was killed", () => {
    const { lost, wrong, ledger } = run([`put ${n} ${first} ${second}`, `deleting ${n + 1} ${second}`], {
      [first]: valueOf(first, n + 2),
      [third]: valueOf(third, n)
    })
    assert.deepStrictEqual({ lost, wrong, acknowledged: ledger.acknowledged }, { lost: 0, wrong: [], acknowledged: 2 })
  })

  it("reports a lost entry, a lost newer value and a lost delete", () => {
    assert.strictEqual(run([`put ${n} ${first}`], {}).lost, 1)
    assert.strictEqual(run([`put ${n} ${first}`, `put ${n + 1} ${first}`], { [first]: valueOf(first, n) }).lost, 1)
    const deleted = [`put ${n} ${first}`, `deleting ${n + 1} ${first}`, `deleted ${n + 1} ${first}`]
    assert.strictEqual(run(deleted, { [first]: valueOf(first, n) }).lost, 1)
    assert.strictEqual(run(deleted, {}).lost, 0)
  })

  it("reports a value that was found once and is gone later", () => {
    const { at, lost } = run([`put ${n} ${first}`], { [first]: valueOf(first, n + 5) })
    assert.strictEqual(lost, 0)
    assert.strictEqual(at({ [first]: valueOf(first, n) }).lost, 1)
  })

  it("reports half of a value, another key's value, and a value that was never written", () => {
    for (const value of [
      { ...valueOf(first, n), padding: valueOf(first, n).padding.slice(1) },
      valueOf(second, n),
      valueOf(first, firstOf(2)),
      "text"
    ]) {
      assert.lengthOf(run([], { [first]: value }).wrong, 1)
    }
  })

  it("reports half of a batch only where batches are atomic", () => {
    const half = { [first]: valueOf(first, n), [second]: valueOf(second, n) }
    assert.lengthOf(run([], half, true).wrong, 1)
    assert.lengthOf(run([], half, false).wrong, 0)
    assert.lengthOf(run([], { ...half, [third]: valueOf(third, n) }, true).wrong, 0)
  })

  it("keeps the failures of a writer", () => {
    assert.deepStrictEqual(run(['failed "a bug"'], {}).ledger.failures, ['failed "a bug"'])
  })
})
