/**
 * What every store and every stack of wrappers must do, as cases that any test runner can run.
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
import { loading } from "./storeContract/loading.ts"
import { maintenance } from "./storeContract/maintenance.ts"
import { names } from "./storeContract/names.ts"
import { time } from "./storeContract/time.ts"
import { values } from "./storeContract/values.ts"

export type { Requirement } from "./storeContract/Case.ts"

interface Services {
  readonly Enumeration: Enumeration
  readonly Maintenance: Maintenance
  readonly Atomic: Atomic
}

/**
 * A capability by its name.
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
  /** What the layer can do beside `KeyValue`; its cases are left out otherwise. Default: none. */
  readonly capabilities?: ReadonlyArray<C> | undefined
  /** How time passes for the store. Default: `TestClock.adjust`; for a real server, `Effect.sleep`. */
  readonly advance?: ((duration: Duration.Input) => Effect.Effect<void>) | undefined
  /** How many entries the store keeps, if it has a bound (at least 100). Default: it has none. */
  readonly maxEntries?: number | undefined
  /** Whether others use the store at the same time; cases that clear it are left out then. Default: false. */
  readonly shared?: boolean | undefined
  /** Whether a key that was not written has no value. Default: true. */
  readonly misses?: boolean | undefined
  /** Cases to leave out, and why: `{ S33: "the bound is per collection" }`. Default: none. */
  readonly skip?: Readonly<Record<string, string>> | undefined
}

/**
 * One thing that a store must do.
 *
 * @since 0.1.0
 */
export interface Case<R = ServicesOf<Capability>> {
  /** Such as `"S13"`: S for the rows of py-key-value's suite, others are this library's own. */
  readonly id: string
  /** The id and what it is about. */
  readonly name: string
  readonly requires: ReadonlyArray<Requirement>
  /** Dies with an `AssertionError` that says what was wrong. */
  readonly run: Effect.Effect<void, unknown, R>
}

/**
 * The cases for a store.
 *
 * **When to use**
 *
 * Use it to test a store or wrapper of your own: if all cases pass, everything else in this library works with it.
 *
 * **Details**
 *
 * Each case works in a collection of its own, so all of them can share one store, also with earlier runs. The type of
 * `run` asks for the capabilities that were named: a layer without them does not compile.
 *
 * **Gotchas**
 *
 * Cases wait: with a real clock, up to two seconds each.
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
 * Throws when `skip` names a case that there is not.
 *
 * @since 0.1.0
 */
export const cases = <const C extends Capability = never>(
  options: Options<C> = {}
): ReadonlyArray<Case<ServicesOf<C>>> => {
  const { advance = TestClock.adjust, maxEntries = Number.POSITIVE_INFINITY, skip = {} } = options
  for (const id of Object.keys(skip)) {
    if (!all.some((definition) => definition.id === id)) throw new RangeError(`There is no case ${id} to skip`)
  }
  const met = requirementsMet(options)
  return all
    .filter(({ id, requires }) => !Object.hasOwn(skip, id) && requires.every((requirement) => met.has(requirement)))
    .map((definition) => ({
      id: definition.id,
      name: definition.name,
      requires: definition.requires,
      run: run(definition, { advance, maxEntries })
    }))
}

const all: ReadonlyArray<Definition> = [
  ...basics,
  ...values,
  ...names,
  ...time,
  ...loading,
  ...enumeration,
  ...maintenance,
  ...atomic
]

const requirementsMet = (options: Options): ReadonlySet<Requirement> => {
  const met = new Set<Requirement>(options.capabilities)
  if (options.misses !== false) met.add("Misses")
  if (options.maxEntries !== undefined) met.add("Bounded")
  if (!options.shared) met.add("Exclusive")
  return met
}
