/** Tests `Simulation.run`: that seeds repeat, which faults occur, and what it reports. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Driver from "../../src/Driver.ts"
import type { KeyValue } from "../../src/KeyValue.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import * as Simulation from "../../src/testing/Simulation.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Timeout from "../../src/wrappers/Timeout.ts"
import { halfBatches } from "../simulate/planted/single.ts"

type Stack = Simulation.Options<any>["stack"]

const memory: Stack = (faulty) => faulty("store", Memory.layer()).pipe(Timeout.wrap(300))
const broken: Stack = (faulty) => faulty("store", Memory.layer()).pipe(halfBatches)

describe("Simulation", () => {
  it.live("gives the same histories for the same seeds, and others for other seeds", () =>
    Effect.gen(function* () {
      const first = yield* Simulation.run({ stack: memory, seeds: 10 })
      const second = yield* Simulation.run({ stack: memory, seeds: 10 })
      const others = yield* Simulation.run({ stack: memory, seeds: 10, firstSeed: 10 })
      assert.deepStrictEqual(first, second)
      assert.strictEqual(new Set([...first.hashes, ...others.hashes]).size, 20)
      assert.notStrictEqual(first.replayHash, others.replayHash)
    })
  )

  for (const hazard of Simulation.hazards) {
    it.live(`changes the histories with ${hazard}, and still repeats them for the same seeds`, () =>
      Effect.gen(function* () {
        const stack: Stack = (faulty, throwing) =>
          faulty("store", Memory.layer()).pipe(Timeout.wrap(300), Retry.wrap({ while: throwing(() => true) }))
        const plain = yield* Simulation.run({ stack, seeds: 8 })
        const first = yield* Simulation.run({ stack, seeds: 8, hazards: [hazard], shrinks: 0 })
        const second = yield* Simulation.run({ stack, seeds: 8, hazards: [hazard], shrinks: 0 })
        assert.deepStrictEqual(first.hashes, second.hashes)
        assert.notStrictEqual(first.replayHash, plain.replayHash)
      })
    )
  }

  it.live("merge of parts equals the whole", () =>
    Effect.gen(function* () {
      const whole = yield* Simulation.run({ stack: broken, seeds: 20, shrinks: 0 })
      const parts = [
        yield* Simulation.run({ stack: broken, seeds: 13, shrinks: 0 }),
        yield* Simulation.run({ stack: broken, seeds: 7, firstSeed: 13, shrinks: 0 })
      ]
      assert.isAbove(whole.findings.length, 0)
      assert.deepStrictEqual(Simulation.merge(parts), whole)
    })
  )

  it.live("gives the same histories over stores that behave alike", () =>
    Effect.gen(function* () {
      const sqlite: Stack = (faulty) => faulty("store", Sqlite.layer()).pipe(Timeout.wrap(300))
      const one = yield* Simulation.run({ stack: memory, seeds: 10 })
      const other = yield* Simulation.run({ stack: sqlite, seeds: 10 })
      assert.deepStrictEqual(other.hashes, one.hashes)
    })
  )

  it.live("has faults of all kinds but corruption, outages, and writes that succeed", () =>
    Effect.gen(function* () {
      const report = yield* Simulation.run({ stack: memory, seeds: 50, operations: 40 })
      const { corrupt, ...faults } = report.faults
      for (const [kind, count] of Object.entries(faults)) assert.isAbove(count, 0, kind)
      assert.strictEqual(corrupt, 0)
      assert.isAbove(report.outages, 10)
      assert.isAbove(report.acknowledgedWrites, 200)
      assert.strictEqual(report.seeds, 50)
      // At the end, each key is read alone and together with the others.
      assert.strictEqual(report.operations, 50 * (40 + 3 + 1))
      assert.deepStrictEqual(report.findings, [])
    })
  )

  it.live("shrinks a violation to the operations that show it, and counts it", () =>
    Effect.gen(function* () {
      const report = yield* Simulation.run({ stack: broken, seeds: 20, shrinks: 1 })
      const found = report.findings.find(({ shrunk }) => shrunk)
      assert.isDefined(found)
      assert.strictEqual(report.findings.filter(({ shrunk }) => shrunk).length, 1)
      const byClients = found.history.filter((line) => line.includes("client"))
      assert.isAtMost(byClients.length, 8)
      assert.isTrue(byClients.some((line) => line.includes("putMany")))
      assert.isAbove(report.notAppliedButVisible, 0)
      assert.strictEqual(report.lostAcknowledgedWrites + report.staleReadsBeyondBound + report.untypedDefects, 0)
    })
  )

  it.live("has no faults without the argument `faulty`", () =>
    Effect.gen(function* () {
      const { faults, outages } = yield* Simulation.run({ stack: () => Memory.layer(), seeds: 5 })
      assert.deepStrictEqual(
        Object.values(faults).filter((count) => count > 0),
        []
      )
      assert.strictEqual(outages, 0)
    })
  )

  it.live("fails when the stack cannot be built", () =>
    Effect.gen(function* () {
      const stack = (): Layer.Layer<KeyValue, string> => Layer.effectContext(Effect.fail("no"))
      assert.strictEqual(yield* Effect.flip(Simulation.run({ stack })), "no")
    })
  )

  it.live("reports a hang when an operation never ends and cannot be interrupted", () =>
    Effect.gen(function* () {
      const stuck: Stack = () =>
        Memory.layer().pipe(
          Driver.wrapper((driver) => ({ ...driver, delete: () => Effect.uninterruptible(Effect.never) }))
        )
      const { hangs } = yield* Simulation.run({ stack: stuck, seeds: 1, operations: 20, shrinks: 0 })
      assert.isAbove(hangs, 0)
    })
  )
})
