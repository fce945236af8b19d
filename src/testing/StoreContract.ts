/**
 * The behavior of every store and stack of wrappers, as cases that any test runner can run.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Atomic } from "../Atomic.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { Maintenance } from "../Maintenance.ts"
import { atomic } from "./storeContract/atomic.ts"
import { basics } from "./storeContract/basics.ts"
import { type Definition, type Requirement, run } from "./storeContract/Case.ts"
import { enumeration } from "./storeContract/enumeration.ts"
import { increments } from "./storeContract/increments.ts"
import { loading } from "./storeContract/loading.ts"
import { maintenance } from "./storeContract/maintenance.ts"
import { names } from "./storeContract/names.ts"
import { time } from "./storeContract/time.ts"
import { touching } from "./storeContract/touching.ts"
import { values } from "./storeContract/values.ts"

export type { Requirement } from "./storeContract/Case.ts"

interface Services {
  readonly Enumeration: Enumeration
  readonly Maintenance: Maintenance
  readonly Atomic: Atomic
}

/**
 * The name of a capability.
 *
 * @since 0.1.0
 */
export type Capability = keyof Services

/**
 * The services that a layer with the capabilities `C` provides.
 *
 * @since 0.1.0
 */
export type ServicesOf<C extends Capability> = KeyValue | Services[C]

/**
 * All capabilities.
 *
 * @since 0.1.0
 */
export const allCapabilities = ["Enumeration", "Maintenance", "Atomic"] as const

/**
 * Options of {@link cases}.
 *
 * @since 0.1.0
 */
export interface Options<C extends Capability = Capability> {
  /** Capabilities of the layer in addition to `KeyValue`. Cases of other capabilities are left out. Default: none. */
  readonly capabilities?: ReadonlyArray<C> | undefined
  /** How to let time pass for the store. Use `Effect.sleep` for a real server. Default: `TestClock.adjust`. */
  readonly advance?: ((duration: Duration.Input) => Effect.Effect<void>) | undefined
  /** Maximum number of entries of the store, at least 100. Default: no limit. */
  readonly maxEntries?: number | undefined
  /** Whether other programs use the store at the same time. If so, cases that clear it are left out. Default: false. */
  readonly shared?: boolean | undefined
  /** Whether reads of a missing key return `undefined`. Default: true. */
  readonly misses?: boolean | undefined
  /** Cases to leave out, and why, such as `{ S33: "the bound is per collection" }`. Default: none. */
  readonly skip?: Readonly<Record<string, string>> | undefined
}

/**
 * One test case of the contract.
 *
 * @since 0.1.0
 */
export interface Case<R = ServicesOf<Capability>> {
  /** Such as `"S13"`. Ids with `S` are rows of py-key-value's suite. Other ids are effect-kv's own cases. */
  readonly id: string
  /** A sentence that says what the store does, with the id at the end: `"has the eight operations [S1]"`. */
  readonly name: string
  readonly requires: ReadonlyArray<Requirement>
  /** Dies with an `AssertionError` when the store behaves differently. */
  readonly run: Effect.Effect<void, unknown, R>
}

/**
 * The cases for a store.
 *
 * **When to use**
 *
 * Use it to test a custom store or wrapper: if all cases pass, everything else in effect-kv works with it.
 *
 * **Details**
 *
 * Each case uses its own collection, so that all cases and runs can share one store. The type of `run` requires the
 * capabilities that the options name: a layer without them does not compile.
 *
 * **Gotchas**
 *
 * Cases wait for entries to expire: up to two seconds each with a real clock.
 *
 * **Example** (With `@effect/vitest`)
 *
 * ```ts
 * import { it } from "@effect/vitest"
 * import { Effect } from "effect"
 * import { Memory } from "effect-kv"
 * import { StoreContract } from "effect-kv/testing"
 *
 * for (const { name, run } of StoreContract.cases({ capabilities: StoreContract.allCapabilities })) {
 *   it.effect(name, () => Effect.provide(run, Memory.layer()))
 * }
 * ```
 *
 * Throws a `RangeError` when `skip` names an unknown case.
 *
 * @since 0.1.0
 */
export const cases = <const C extends Capability = never>(
  options: Options<C> = {}
): ReadonlyArray<Case<ServicesOf<C>>> => {
  const { advance = TestClock.adjust, maxEntries = Number.POSITIVE_INFINITY, skip = {} } = options
  for (const id of Object.keys(skip)) {
    if (!all.some((definition) => definition.id === id)) throw new RangeError(`skip: there is no case ${id}`)
  }
  const met = requirementsMet(options)
  return all
    .filter(({ id, requires }) => !Object.hasOwn(skip, id) && requires.every((requirement) => met.has(requirement)))
    .map((definition) => {
      const { id, name, requires } = definition
      return { id, name, requires, run: run(definition, { advance, maxEntries }) }
    })
}

const all: ReadonlyArray<Definition> = [
  ...basics,
  ...values,
  ...names,
  ...time,
  ...loading,
  ...touching,
  ...enumeration,
  ...maintenance,
  ...atomic,
  ...increments
]

const requirementsMet = (options: Options): ReadonlySet<Requirement> => {
  const met = new Set<Requirement>(options.capabilities)
  if (options.misses !== false) met.add("Misses")
  if (options.maxEntries !== undefined) met.add("Bounded")
  if (!options.shared) met.add("Exclusive")
  return met
}
