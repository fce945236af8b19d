import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { History } from "./history.ts"
import { connectionsTo, type Leftovers, watch } from "./leftovers.ts"
import { Calls, start, verify } from "./load.ts"
import type { Proxy } from "./proxy.ts"
import { type Expectation, failed, judged, type Row } from "./row.ts"
import { Stalls } from "./Stalls.ts"
import { build, type ConnectionOptions, limit, nameOf } from "./stack.ts"

/** The servers before a fault, and how to start and end the fault. */
export interface Stage {
  readonly connection: ConnectionOptions
  /** The ports of all servers. */
  readonly ports: ReadonlyArray<number>
  /** The proxy between the stack and the servers, if there is one. */
  readonly proxy?: Proxy
  readonly begin: Effect.Effect<unknown, unknown, Scope.Scope>
  readonly end: Effect.Effect<unknown, unknown, Scope.Scope>
}

/** A fault of a server, or of the network. */
export interface RedisFault extends Expectation {
  readonly name: string
  readonly target: "Redis" | "Cluster" | "Sentinel"
  /** How many seconds it lasts, usually and in the short form, plus the time that `end` takes. */
  readonly seconds: readonly [number, short: number]
  /** Whether to leave it out of the short form. */
  readonly fullOnly?: boolean
  readonly stage: Effect.Effect<Stage, unknown, Scope.Scope>
  readonly notes?: ReadonlyArray<string>
}

/** How long calls must succeed after the fault, and how long to wait for that, in milliseconds. */
const calm = 300
const patience = 20_000

/**
 * Puts a stack under load, starts the fault, waits until calls succeed again, and looks for lost writes and leftovers.
 * A second layer is closed during the fault, when closing is hardest.
 */
export const run = (fault: RedisFault, short: boolean): Effect.Effect<Row> =>
  Effect.gen(function* () {
    const stage = yield* fault.stage
    const stalls = yield* Effect.acquireRelease(
      Effect.sync(() => new Stalls()),
      (stalls) => Effect.sync(() => stalls.stop())
    )
    const { count } = yield* watch(() => stage.proxy?.sockets() ?? 0)
    const history = new History()
    const calls = new Calls(limit, stalls)
    const [scope, second] = [Scope.makeUnsafe(), Scope.makeUnsafe()]
    const kv = yield* Scope.provide(build(stage.connection, 1), scope)
    const other = yield* Scope.provide(build(stage.connection, 2), second)
    const { stop } = yield* start(kv, history, calls)
    yield* Effect.sleep(short ? 200 : 500)

    const millis = 1000 * fault.seconds[short ? 1 : 0]
    yield* stage.begin
    yield* Effect.forkChild(Effect.exit(other.get("a")))
    yield* Effect.sleep(millis / 2)
    const closed = yield* took(Scope.close(second, Exit.void))
    yield* Effect.sleep(Math.max(0, millis / 2 - closed))
    yield* stage.end
    calls.faultEnded()
    yield* until(() => calls.isBackFor(calm), patience)
    yield* stop

    const { lost, wrong } = yield* verify(kv, history)
    const last = yield* took(Scope.close(scope, Exit.void))
    const left = yield* settled(count)
    if (stage.proxy !== undefined) yield* stage.proxy.drop
    const connections = yield* connectionsTo(stage.ports, [nameOf(1), nameOf(2)])
    return judged(
      fault.name,
      fault.target,
      fault,
      {
        calls: calls.count,
        failures: calls.failures,
        defects: calls.open === 0 ? calls.defects : [...calls.defects, `${calls.open} calls never ended`],
        slowest: calls.slowest,
        limit,
        late: calls.late,
        back: calls.back,
        acknowledged: history.acknowledged,
        lost,
        wrongReads: [...(fault.memory === "kept" ? calls.wrongReads : []), ...wrong],
        closing: Math.max(closed, last),
        connections: Math.max(left.sockets, connections),
        timers: left.timers.length
      },
      [
        ...(fault.notes ?? []),
        ...(fault.memory === "kept" ? [] : [`${calls.wrongReads.length} reads did not see an acknowledged write`]),
        ...left.timers.map((place) => `a timer was set ${place}`)
      ]
    )
  }).pipe(
    Effect.scoped,
    Effect.catchCause((cause) => Effect.succeed(failed(fault.name, fault.target, cause)))
  )

const took = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(effect, () => performance.now() - began)
  })

const until = (isSo: () => boolean, millis: number): Effect.Effect<void> =>
  Effect.suspend(() =>
    isSo() || millis <= 0 ? Effect.void : Effect.andThen(Effect.sleep(20), until(isSo, millis - 20))
  )

/** How long leftovers may take to disappear, in milliseconds. */
const grace = 300

/** The leftovers that are still there after the grace period. */
const settled = (count: Effect.Effect<Leftovers>, millis = grace): Effect.Effect<Leftovers> =>
  Effect.filterOrElse(
    count,
    (left) => millis <= 0 || (left.sockets === 0 && left.timers.length === 0),
    () => Effect.andThen(Effect.sleep(20), settled(count, millis - 20))
  )
