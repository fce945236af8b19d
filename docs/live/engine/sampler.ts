import type { Circuit as CircuitState, Layer as Place, Run, Sample } from "../model.ts"
import type { Circuit } from "./building.ts"
import { percentile } from "./measure.ts"
import type { Recorder } from "./recorder.ts"
import type { Requests } from "./requests.ts"
import type { VirtualTime } from "./virtualTime.ts"

/** Reads of a cache, and those of them that it answered. */
class Reads {
  hits = 0
  all = 0

  get rate(): number | undefined {
    return this.all === 0 ? undefined : this.hits / this.all
  }
}

/** Turns what happens in the layers into the points of charts. */
export class Sampler {
  readonly samples: Array<Sample> = []
  readonly circuit: Array<Run["circuit"][number]> = []
  readonly cached = new Reads()
  private recent = new Reads()
  private storeCalls = 0
  private retries = 0
  private readonly recorder: Recorder
  private readonly storeAt: number
  private readonly at: (name: string) => ReadonlyArray<number>
  private readonly circuits: ReadonlyArray<Circuit>

  constructor(recorder: Recorder, places: ReadonlyArray<Place>, circuits: ReadonlyArray<Circuit>, time: VirtualTime) {
    this.recorder = recorder
    this.circuits = circuits
    this.storeAt = places.findIndex(({ kind }) => kind === "store")
    const indices: Record<string, Array<number>> = {}
    for (const [i, { name }] of places.entries()) (indices[name] ??= []).push(i)
    this.at = (name) => indices[name] ?? []
    // From the inside outward, because a cache may be around another one.
    for (const cache of [...this.at("PassthroughCache")].reverse()) this.watchCache(cache, time)
    for (const { wrapper, state, listen } of circuits) {
      let last: CircuitState = "closed"
      listen(() => {
        if (last === state()) return
        last = state()
        if (recorder.isOn) this.circuit.push({ time: time.now, wrapper, state: last })
      })
    }
  }

  get totals(): { readonly storeCalls: number; readonly retries: number; readonly hedges: number } {
    return {
      storeCalls: this.recorder.entered[this.storeAt]!,
      retries: this.further("Retry"),
      hedges: this.further("Hedge")
    }
  }

  add(time: number, requests: Requests): void {
    const { storeCalls, retries } = this.totals
    const { outcomes, latencies } = requests.takeRecent()
    this.samples.push({
      time,
      ended: outcomes,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      storeCalls: storeCalls - this.storeCalls,
      hitRate: this.recent.rate,
      retries: retries - this.retries,
      queue: this.waiting("Bulkhead"),
      inFlight: requests.inFlight,
      circuit: this.circuitNow
    })
    this.storeCalls = storeCalls
    this.retries = retries
    this.recent = new Reads()
  }

  /** The worst state of all circuits. */
  private get circuitNow(): CircuitState | undefined {
    const states = this.circuits.map(({ state }) => state())
    return (["open", "half-open", "closed"] as const).find((state) => states.includes(state))
  }

  /** Calls that a wrapper has made in addition to those that it got: a call passes a wrapper at once the first time. */
  private further(name: string): number {
    const { entered } = this.recorder
    return this.at(name).reduce((sum, i) => sum + Math.max(0, entered[i + 1]! - entered[i]!), 0)
  }

  /** Calls that are in a wrapper and not further inside. */
  private waiting(name: string): number {
    const { inside } = this.recorder
    return this.at(name).reduce((sum, i) => sum + Math.max(0, inside[i]! - inside[i + 1]!), 0)
  }

  /**
   * A read that takes no time was answered by the cache. A read that succeeds at the moment at which its key could not be
   * read further inside was answered by a stale copy. (Several reads may wait for the same read further inside.)
   */
  private watchCache(place: number, time: VirtualTime): void {
    const failures = new Map<string, number>()
    const inner = this.recorder.onRead[place + 1]
    this.recorder.onRead[place + 1] = (outcome, took, key) => {
      if (outcome === "ok" || outcome === "miss") failures.delete(key)
      else failures.set(key, time.now)
      return inner?.(outcome, took, key) ?? outcome
    }
    this.recorder.onRead[place] = (outcome, took, key) => {
      const isStale = outcome === "ok" && failures.get(key) === time.now
      const isHit = outcome === "ok" && !isStale && took === 0
      for (const reads of [this.cached, this.recent]) {
        reads.all++
        if (isHit || isStale) reads.hits++
      }
      return isHit ? "hit" : isStale ? "stale" : outcome
    }
  }
}
