/** Tests which histories of operations `check` accepts, and which violations it reports. */
import { assert, describe, it } from "@effect/vitest"
import { check, type Expected } from "../../../src/testing/simulation/check.ts"
import type { Answer, Application, History, Operation } from "../../../src/testing/simulation/History.ts"
import type { Action } from "../../../src/testing/simulation/Plan.ts"
import type { Staleness } from "../../../src/testing/simulation/registers.ts"
import type { ViolationKind } from "../../../src/testing/simulation/Violation.ts"

let id = 0

/** An operation on the key `k`, from one time to another. Times are sequence numbers, too. */
const operation = (
  action: Action,
  from: number,
  to: number,
  answer: Answer | undefined,
  more: Partial<Operation> & { readonly ttl?: number; readonly as?: number } = {}
): Operation => ({
  step: {
    id: more.as ?? 1000 + id++,
    client: 0,
    action,
    keys: ["k"],
    pause: 0,
    at: undefined,
    ttl: more.ttl,
    large: false,
    calm: false
  },
  invoked: { at: from, seq: from },
  completed: answer === undefined ? undefined : { at: to, seq: to },
  answer,
  attempts: more.attempts ?? [],
  loads: more.loads ?? [],
  gaveUp: more.gaveUp,
  threw: more.threw ?? false,
  applications: more.applications ?? [],
  faults: [],
  expiredEarly: more.expiredEarly ?? []
})

const done = (answer: boolean | string | undefined | null = null): Answer => ({ _tag: "done", answer })
const failed = (outcome: "not-applied" | "unknown"): Answer => ({ _tag: "failed", error: "E", outcome })
const put = (as: number, from: number, to: number, answer = done(), more = {}) =>
  operation("put", from, to, answer, { as, ...more })
const get = (from: number, to: number, held: string | undefined) =>
  operation("get", from, to, { _tag: "read", held: [held] })
const ttl = (from: number, to: number, held: string, expiry: number | undefined) =>
  operation("ttl", from, to, { _tag: "read", held: [held], expiries: [expiry] })
const applied = (from: number, to: number, store = "s"): Application => ({
  store,
  from: { at: from, seq: from },
  to: { at: to, seq: to }
})

const history: History = {
  seed: 0,
  keys: ["k"],
  outages: [],
  hotKeys: [],
  counters: [],
  jumps: [],
  stalls: [],
  reopenings: [],
  contents: {},
  operations: []
}

const promises: Expected = {
  staleness: { _tag: "never" },
  countsDeletes: true,
  atomic: true,
  fresh: false,
  limits: { millis: Number.POSITIVE_INFINITY, budgets: false, afterClose: 0 }
}

const kinds = (operations: ReadonlyArray<Operation>, staleness: Staleness = { _tag: "never" }, countsDeletes = true) =>
  check({ ...history, operations }, { ...promises, staleness, countsDeletes }).map(({ kind }) => kind)

const expect = (name: string, expected: ReadonlyArray<ViolationKind>, ...args: Parameters<typeof kinds>) =>
  it(`${expected.length === 0 ? "accepts" : "reports"} ${name}`, () => assert.deepStrictEqual(kinds(...args), expected))

/** The violations in a history with restarts, stalls, jumps or contents. */
const found = (operations: ReadonlyArray<Operation>, more: Partial<History>, expected: Partial<Expected> = {}) =>
  check({ ...history, operations, ...more }, { ...promises, ...expected }).map(({ kind }) => kind)

const moment = (at: number) => ({ at, seq: at })
const reopening = { closing: moment(100), closed: moment(110), opened: moment(200) }
const limits = { millis: 1000, budgets: true, afterClose: 0 }

const unnoticed = [put(1, 0, 10), operation("delete", 20, 30, done(false), { applications: [applied(21, 22)] })]

describe("check on histories that keep the promises", () => {
  expect("a write and a read", [], [put(1, 0, 10), get(20, 30, "1@k")])
  expect("a TTL that is exact to the millisecond", [], [put(1, 0, 10, done(), { ttl: 100 }), ttl(20, 30, "1@k", 100)])
  expect(
    "an entry that expires before the reply arrives",
    [],
    [put(1, 0, 10, done(), { ttl: 100 }), ttl(90, 110, "1@k", 110)]
  )
  expect(
    "an entry that a fault makes expire early",
    [],
    [put(1, 0, 10, done(), { ttl: 100, expiredEarly: [50] }), ttl(20, 30, "1@k", 50), get(60, 70, undefined)]
  )
  expect(
    "an update that keeps the TTL",
    [],
    [
      operation("update", 5, 40, done("2.1@k"), { as: 2, attempts: [{ seen: "1@k", made: "2.1@k", at: 20 }] }),
      put(1, 0, 10, done(), { ttl: 100 }),
      ttl(50, 60, "2.1@k", 100),
      get(101, 110, undefined)
    ]
  )
  expect(
    "a write of unknown outcome that becomes visible late",
    [],
    [put(1, 0, 10), put(2, 20, 30, failed("unknown")), get(40, 50, "1@k"), get(60, 70, "2@k")]
  )
  expect("a write of a client that gave up", [], [put(1, 0, 10, { _tag: "interrupted" }), get(40, 50, "1@k")])
  expect(
    "a failed write that a delete has found",
    [],
    [put(1, 0, 10, failed("unknown")), operation("delete", 20, 30, done(true), { applications: [applied(21, 22)] })]
  )
  expect(
    "a write that was retried after its reply was lost",
    [],
    [
      put(1, 0, 90, done(), { applications: [applied(1, 2), applied(60, 61)] }),
      get(10, 20, "1@k"),
      put(2, 30, 40),
      get(45, 50, "2@k"),
      get(100, 110, "1@k")
    ]
  )
  expect(
    "an attempt that goes on after the call",
    [],
    [
      put(1, 0, 10, done(), { applications: [applied(5, 6), applied(60, 61)] }),
      put(2, 30, 40),
      get(45, 50, "2@k"),
      get(100, 110, "1@k")
    ]
  )
  expect(
    "a deletion that was retried and found nothing",
    [],
    [
      put(1, 0, 10),
      operation("delete", 20, 60, done(false), { applications: [applied(21, 22), applied(50, 51)] }),
      get(70, 80, undefined)
    ]
  )
  expect("a read that is as stale as allowed", [], [put(1, 0, 10), put(2, 20, 30), get(70, 80, "1@k")], {
    _tag: "always",
    millis: 50
  })
  expect(
    "a read of a copy while a write is in progress",
    [],
    [put(1, 0, 10), put(2, 20, 90), ttl(40, 50, "2@k", undefined), get(60, 70, "1@k")],
    { _tag: "unsettled", millis: 50 }
  )
})

describe("check on histories with a violation", () => {
  expect("a deletion that claims to have found nothing", ["lostAcknowledgedWrite"], unnoticed)
  expect("a lost write", ["lostAcknowledgedWrite"], [put(1, 0, 10), get(20, 30, undefined)])
  expect(
    "a lost deletion",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10), operation("delete", 20, 30, done(true)), get(40, 50, "1@k")]
  )
  expect(
    "a stale read when the write is visible later",
    ["staleReadBeyondBound"],
    [put(1, 0, 10), put(2, 20, 30), get(40, 50, "1@k"), get(60, 70, "2@k")]
  )
  expect(
    "a miss when the write is visible later",
    ["staleReadBeyondBound"],
    [put(1, 0, 10), get(40, 50, undefined), get(60, 70, "1@k")]
  )
  expect("an expired entry", ["staleReadBeyondBound"], [put(1, 0, 10, done(), { ttl: 100 }), get(101, 110, "1@k")])
  expect(
    "an entry that is gone before it expires",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10, done(), { ttl: 100 }), get(50, 60, undefined)]
  )
  expect(
    "a TTL that differs from the given one",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10, done(), { ttl: 100 }), ttl(20, 30, "1@k", undefined)]
  )
  expect(
    "a visible write that was reported as not applied",
    ["notAppliedButVisible"],
    [put(1, 0, 10, failed("not-applied")), get(40, 50, "1@k")]
  )
  expect(
    "a visible deletion that was reported as not applied",
    ["notAppliedButVisible"],
    [put(1, 0, 10), operation("delete", 20, 30, failed("not-applied")), get(40, 50, undefined)]
  )
  expect(
    "a refused insertion that is visible",
    ["notAppliedButVisible"],
    [operation("putIfAbsent", 0, 10, done(false), { as: 1 }), get(40, 50, "1@k")]
  )
  expect(
    "a failed attempt of an update that is visible",
    ["notAppliedButVisible"],
    [
      operation("update", 0, 10, done("1.2@k"), {
        as: 1,
        attempts: [
          { seen: undefined, made: "1.1@k", at: 1 },
          { seen: "1.1@k", made: "1.2@k", at: 5 }
        ]
      })
    ]
  )
  expect(
    "two successful insertions of one key",
    ["lostAcknowledgedWrite"],
    [operation("putIfAbsent", 0, 10, done(true), { as: 1 }), operation("putIfAbsent", 0, 10, done(true), { as: 2 })]
  )
  expect(
    "one entry that getAndDelete returned twice",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10), operation("getAndDelete", 20, 30, done("1@k")), operation("getAndDelete", 20, 30, done("1@k"))]
  )
  expect("a value that was never written", ["other"], [get(0, 10, "7@k")])
  expect("an operation that never ends", ["hang"], [operation("get", 0, 0, undefined)])
  expect("a defect", ["untypedDefect"], [operation("get", 0, 10, { _tag: "defect", cause: "Error: no" })])
  expect(
    "a read that is more stale than allowed",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10), put(2, 20, 30), get(90, 100, "1@k")],
    { _tag: "always", millis: 50 }
  )
  expect(
    "a stale read when no write is in progress",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10), put(2, 20, 30), get(40, 50, "1@k")],
    { _tag: "unsettled", millis: 50 }
  )
  expect(
    "a stale ttl, which never comes from a copy",
    ["lostAcknowledgedWrite"],
    [put(1, 0, 10), put(2, 20, 30), ttl(40, 50, "1@k", undefined)],
    { _tag: "always", millis: 50 }
  )
})

describe("check on histories with loads, limits, restarts and clock jumps", () => {
  const loading = (as: number, from: number, to: number, held: string, loads: Operation["loads"]) =>
    operation("getOrSet", from, to, { _tag: "read", held: [held] }, { as, loads })
  const load = (from: number, to: number, made: string) => ({ from: moment(from), to: moment(to), made, wall: to })

  it("accepts a load that stores its value", () => {
    const history = [loading(1, 0, 30, "1.1@k", [load(5, 20, "1.1@k")]), get(40, 50, "1.1@k")]
    assert.deepStrictEqual(found(history, {}), [])
  })

  it("accepts a load whose value is not stored over a newer one", () => {
    const history = [loading(1, 0, 30, "1.1@k", [load(5, 20, "1.1@k")]), put(2, 10, 15), get(40, 50, "2@k")]
    assert.deepStrictEqual(found(history, {}), [])
  })

  it("reports a load that stores its value over a newer one", () => {
    const history = [loading(1, 0, 30, "1.1@k", [load(5, 20, "1.1@k")]), put(2, 10, 15), get(40, 50, "1.1@k")]
    assert.deepStrictEqual(found(history, {}), ["lostAcknowledgedWrite"])
  })

  it("reports a load that stores its value after a delete", () => {
    const removed = operation("delete", 10, 15, done(false))
    const history = [loading(1, 0, 30, "1.1@k", [load(5, 20, "1.1@k")]), removed, get(40, 50, "1.1@k")]
    assert.deepStrictEqual(found(history, {}), ["lostAcknowledgedWrite"])
  })

  it("reports a caller that joins a load which began before the last write", () => {
    const removed = operation("delete", 10, 12, done(false))
    const joined = loading(3, 15, 30, "1.1@k", [])
    const history = [loading(1, 0, 30, "1.1@k", [load(5, 20, "1.1@k")]), removed, joined]
    assert.include(found(history, {}), "lostAcknowledgedWrite")
  })

  it("reports an operation that takes longer than the stack allows, unless the event loop was blocked", () => {
    const slow = [get(0, 1500, undefined)]
    assert.deepStrictEqual(found(slow, {}, { limits }), ["hang"])
    assert.deepStrictEqual(found(slow, { stalls: [{ at: 10, millis: 600 }] }, { limits }), [])
  })

  it("reports a caller that waits while no store has a call to answer", () => {
    const gaveUp = { at: moment(10_000), quietFor: 9000 }
    const waits = operation("put", 0, 10_000, { _tag: "interrupted" }, { gaveUp })
    assert.deepStrictEqual(found([waits], {}), ["hang"])
  })

  it("reports an operation that does not end when its layer is closed", () => {
    const gaveUp = { at: moment(10_000), quietFor: 0 }
    const waits = operation("put", 50, 10_000, { _tag: "interrupted" }, { gaveUp })
    assert.deepStrictEqual(found([waits], { reopenings: [reopening] }), ["hang"])
  })

  it("reports a result from a closed layer, and a failure that does not come at once", () => {
    const answered = get(120, 121, undefined)
    const late = operation("get", 120, 140, failed("unknown"))
    const atOnce = { ...operation("get", 120, 121, failed("unknown")), completed: { at: 120, seq: 121 } }
    assert.deepStrictEqual(found([answered], { reopenings: [reopening] }), ["answeredAfterClose"])
    assert.deepStrictEqual(found([late], { reopenings: [reopening] }), ["answeredAfterClose"])
    assert.deepStrictEqual(found([atOnce], { reopenings: [reopening] }), [])
  })

  it("reports a layer that does not close", () => {
    assert.deepStrictEqual(found([], { reopenings: [{ ...reopening, closed: undefined }] }), ["hang"])
  })

  it("accepts entries that are gone after a restart only if the stores start empty", () => {
    const history = [put(1, 0, 10), get(210, 220, undefined)]
    assert.deepStrictEqual(found(history, { reopenings: [reopening] }), ["lostAcknowledgedWrite"])
    assert.deepStrictEqual(found(history, { reopenings: [reopening] }, { fresh: true }), [])
  })

  it("reports stores that should hold the same at the end, and do not", () => {
    assert.deepStrictEqual(found([], { contents: { one: ["1@k"], two: [undefined] } }), ["divergedReplica"])
    assert.deepStrictEqual(found([], { contents: { one: ["1@k"], two: ["1@k"] } }), [])
  })

  it("reports a caller without a budget that fails at another caller's limit", () => {
    const answer = { _tag: "failed", error: "TimeoutError", outcome: undefined, limit: 20.25 } as const
    assert.deepStrictEqual(found([operation("get", 0, 20, answer)], {}), ["other"])
  })

  it("accepts an early expiry only if the clock has jumped", () => {
    const history = [put(1, 0, 10, done(), { ttl: 100 }), get(50, 60, undefined)]
    assert.deepStrictEqual(found(history, {}), ["lostAcknowledgedWrite"])
    assert.deepStrictEqual(found(history, { jumps: [{ at: 40, by: 1000 }] }), [])
  })

  it("reports a stale value of a key that many clients write at once", () => {
    const hot = { keys: [], hotKeys: ["k"] }
    const history = [put(1, 0, 10), put(2, 20, 30), get(40, 50, "1@k")]
    assert.deepStrictEqual(found(history, hot), ["lostAcknowledgedWrite"])
    assert.deepStrictEqual(found([put(1, 0, 25), put(2, 20, 30), get(40, 50, "1@k")], hot), [])
  })

  describe("a counter", () => {
    const counter = { keys: [], counters: ["k"] }
    const counted = (as: number, from: number, to: number, result: number, by = 1): Operation => {
      const it = operation("increment", from, to, { _tag: "done", answer: result }, { as })
      return { ...it, step: { ...it.step, by } }
    }
    const ended = (outcome: "not-applied" | "unknown") => {
      const it = operation("increment", 0, 50, failed(outcome))
      return { ...it, step: { ...it.step, by: 1 } }
    }

    it("accepts increments in any order while they overlap", () => {
      assert.deepStrictEqual(
        found([counted(1, 0, 50, 2), counted(2, 10, 40, 1), counted(3, 60, 70, 2, 0)], counter),
        []
      )
    })

    it("accepts an increment with an unknown outcome, whether it was counted or not", () => {
      for (const seen of [1, 2]) {
        assert.deepStrictEqual(found([ended("unknown"), counted(1, 60, 70, seen)], counter), [])
      }
    })

    it("reports two increments with the same result", () => {
      assert.deepStrictEqual(found([counted(1, 0, 50, 1), counted(2, 10, 40, 1)], counter), ["lostAcknowledgedWrite"])
    })

    it("reports an increment that was lost later", () => {
      const history = [counted(1, 0, 10, 1), counted(2, 20, 30, 2), counted(3, 60, 70, 1, 0)]
      assert.deepStrictEqual(found(history, counter), ["lostAcknowledgedWrite"])
    })

    it("reports an increment that was counted twice", () => {
      assert.deepStrictEqual(found([ended("unknown"), counted(1, 60, 70, 3)], counter), ["other"])
      assert.deepStrictEqual(found([counted(1, 0, 10, 2)], counter), ["other"])
    })

    it("reports an increment that was counted although it was not applied", () => {
      assert.deepStrictEqual(found([ended("not-applied"), counted(1, 60, 70, 2)], counter), ["notAppliedButVisible"])
    })
  })
})
