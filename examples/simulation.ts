/**
 * Simulation: runs stacks under faults, and finds the mistake in a cache.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect } from "effect"
import { Driver, type Entry, Memory, PassthroughCache, Timeout } from "effect-kv"
import { Simulation } from "effect-kv/testing"

/** A cache with a mistake: it keeps what was read for a minute, and ignores deletions and expiry. */
const forgetful = Driver.wrapper((store) => {
  const copies = new Map<string, { readonly found: ReadonlyArray<Entry.Entry | undefined>; readonly until: number }>()
  return {
    ...store,
    get: (call) =>
      Effect.gen(function* () {
        const id = JSON.stringify(call.keys)
        const now = yield* Clock.currentTimeMillis
        const copy = copies.get(id)
        if (copy !== undefined && copy.until > now && !call.versioned && !call.expiry) return copy.found
        const found = yield* store.get(call)
        copies.set(id, { found, until: now + 60_000 })
        return found
      }),
    put: (call) =>
      Effect.tap(
        store.put(call),
        Effect.sync(() => copies.clear())
      )
  }
})

const program = Effect.gen(function* () {
  // PassthroughCache, over a store that fails, stalls, applies writes late and is down at times: fifty runs of fifty
  // operations.
  const correct = yield* Simulation.run({
    seeds: 50,
    stack: (faulty) =>
      faulty("store", Memory.layer()).pipe(
        Timeout.wrap("300 millis"),
        PassthroughCache.wrap({ cache: faulty("cache", Memory.layer(), { copies: true }) })
      )
  })
  yield* Console.log(`${correct.seeds} runs, ${correct.findings.length} violations`)

  const wrong = yield* Simulation.run({
    seeds: 50,
    stack: (faulty) => faulty("store", Memory.layer()).pipe(forgetful)
  })
  const [first] = wrong.findings
  yield* Console.log(`${first?.kind}: ${first?.message}`)
  for (const line of first?.history ?? []) yield* Console.log(line)
})

if (import.meta.main) program.pipe(NodeRuntime.runMain)

// Prints:
// 50 runs, 0 violations
// staleReadBeyondBound: k0: #23 get saw 18@k0, expected nothing
//     619 ms  client 3 #18 putMany k0 (ttl 65 ms) …
//     619 ms        #18 is applied by store
//     619 ms  client 3 #18 putMany k0 → done
//     676 ms  client 0 #30 get k0 …
//     676 ms  client 0 #30 get k0 → 18@k0
//     822 ms  client 3 #23 get k0 …
//     822 ms  client 3 #23 get k0 → 18@k0
//   61000 ms  final check #31 get k0 …
//   61000 ms  final check #31 get k0 → missing
//   61000 ms  final check #34 ttlMany k0 k1 k2 …
//   61000 ms  final check #34 ttlMany k0 k1 k2 → missing, missing, missing
