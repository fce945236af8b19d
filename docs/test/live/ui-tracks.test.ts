/** Tests where the dots of a run are. */
import { assert, describe, it } from "@effect/vitest"
import { presets } from "../../live/engine/presets.ts"
import { run } from "../../live/engine/run.ts"
import { wrapperOf } from "../../live/engine/wrappers.ts"
import type { Layer, Request, Run, Scenario, Steps } from "../../live/model.ts"
import { looks } from "../../live/ui/outcomes.ts"
import { bucket, callers, tracksOf } from "../../live/ui/tracks.ts"

type Event = readonly [time: number, layer: number, attempt: number, outcome?: string]

const empty = presets[0]!.scenario

/** A run of one request. */
const runOf = (layers: ReadonlyArray<string>, events: ReadonlyArray<Event>, request: Partial<Request> = {}): Run => {
  const outcomes = [...new Set(events.flatMap(([, , , outcome]) => outcome ?? []))]
  const steps: Steps = {
    length: events.length,
    time: Float64Array.from(events, ([time]) => time),
    request: Int32Array.from(events, () => 0),
    layer: Uint8Array.from(events, ([, layer]) => layer),
    attempt: Uint16Array.from(events, ([, , attempt]) => attempt),
    outcome: Uint8Array.from(events, ([, , , outcome]) => (outcome === undefined ? 0 : outcomes.indexOf(outcome) + 1)),
    outcomes
  }
  const places = layers.map((name, i): Layer => {
    if (name === "Origin") return { name, kind: "origin", wrapper: undefined }
    if (name === "Second store") return { name, kind: "fallback", wrapper: 0 }
    return name === "Store" ? { name, kind: "store", wrapper: undefined } : { name, kind: "wrapper", wrapper: i }
  })
  const one: Request = {
    id: 0,
    start: 0,
    end: events.at(-1)?.[0],
    write: false,
    key: "a",
    applied: undefined,
    outcome: "ok",
    stale: false,
    ...request
  }
  return {
    scenario: empty,
    layers: places,
    steps,
    requests: [one],
    samples: [],
    circuit: [],
    advice: [],
    recommended: undefined,
    summary: undefined as never
  }
}

/** The places and looks of each dot. */
const pathsOf = (run: Run) => {
  const { dots, points } = tracksOf(run, 10)
  return Array.from(dots.request, (_, dot) =>
    Array.from({ length: dots.first[dot + 1]! - dots.first[dot]! }, (_, i) => {
      const point = dots.first[dot]! + i
      return [points.place[point], looks[points.look[point]!]] as const
    })
  )
}

describe("the dots of a run", () => {
  it("go to the store and back", () => {
    const path = pathsOf(
      runOf(
        ["Timeout", "Store"],
        [
          [0, 0, 0],
          [0, 1, 0],
          [5, 1, 0, "ok"],
          [5, 0, 0, "ok"]
        ]
      )
    )
    assert.deepStrictEqual(path, [
      [
        [callers, "read"],
        [0, "read"],
        [1, "read"],
        [0, "ok"],
        [callers, "ok"]
      ]
    ])
  })

  it("turn back at the cache", () => {
    const path = pathsOf(
      runOf(
        ["Retry", "PassthroughCache", "Store"],
        [
          [0, 0, 0],
          [0, 1, 0],
          [0, 1, 0, "hit"],
          [0, 0, 0, "ok"]
        ]
      )
    )
    assert.deepStrictEqual(path, [
      [
        [callers, "read"],
        [0, "read"],
        [1, "read"],
        [0, "hit"],
        [callers, "hit"]
      ]
    ])
  })

  it("go in again for a retry", () => {
    const events: ReadonlyArray<Event> = [
      [0, 0, 0],
      [0, 1, 0],
      [5, 1, 0, "StoreUnavailableError"],
      [100, 1, 1],
      [105, 1, 1, "ok"],
      [105, 0, 0, "ok"]
    ]
    assert.deepStrictEqual(pathsOf(runOf(["Retry", "Store"], events)), [
      [
        [callers, "read"],
        [0, "read"],
        [1, "read"],
        [0, "failed"],
        [1, "retry"],
        [0, "ok"],
        [callers, "ok"]
      ]
    ])
  })

  it("are two while Hedge waits for two attempts", () => {
    const events: ReadonlyArray<Event> = [
      [0, 0, 0],
      [0, 1, 0],
      [50, 1, 1],
      [60, 1, 1, "ok"],
      [60, 1, 0, "interrupted"],
      [60, 0, 0, "ok"]
    ]
    const paths = pathsOf(runOf(["Hedge", "Store"], events))
    assert.strictEqual(paths.length, 2)
    assert.strictEqual(paths.flat().filter(([place]) => place === 1).length, 2)
  })

  it("stay where a call goes on after its caller has given up", () => {
    const events: ReadonlyArray<Event> = [
      [0, 0, 0],
      [0, 1, 0],
      [300, 0, 0, "TimeoutError"],
      [900, 1, 0, "ok"]
    ]
    const paths = pathsOf(runOf(["Timeout", "Store"], events, { end: 300, outcome: "TimeoutError" }))
    assert.deepStrictEqual(paths.at(-1)?.at(-1), [callers, "failed"])
    assert.deepStrictEqual(paths[0]?.at(-1), [1, "interrupted"])
  })

  it("end as unknown if the write may have been applied", () => {
    const events: ReadonlyArray<Event> = [
      [0, 0, 0],
      [5, 0, 0, "StoreUnavailableError"]
    ]
    const request = { write: true, applied: "unknown", outcome: "StoreUnavailableError" } as const
    assert.deepStrictEqual(pathsOf(runOf(["Store"], events, request)), [
      [
        [callers, "write"],
        [0, "write"],
        [callers, "unknown"]
      ]
    ])
  })

  it("visit the origin from the callers, and put what they loaded", () => {
    const events: ReadonlyArray<Event> = [
      [0, 0, 0],
      [5, 0, 0, "miss"],
      [5, 1, 0],
      [90, 1, 0, "ok"],
      [90, 0, 1],
      [95, 0, 1, "ok"]
    ]
    assert.deepStrictEqual(
      pathsOf(runOf(["Store", "Origin"], events)).map((path) => path.map(([place]) => place)),
      [[callers, 0, callers, 1, callers, 0, callers]]
    )
  })

  it("wait at the callers for a load that another request has started", () => {
    const waiting = runOf(["Store", "Origin"], [], { end: 90 })
    assert.deepStrictEqual(pathsOf(waiting), [
      [
        [callers, "read"],
        [callers, "ok"]
      ]
    ])
    const { dots, points } = tracksOf(waiting, 10)
    assert.strictEqual(points.slot[0], 0)
    assert.strictEqual(points.time[1], 90)
    assert.isAtLeast(dots.end[0]!, 90)
    const missed = runOf(
      ["Store", "Origin"],
      [
        [0, 0, 0],
        [5, 0, 0, "miss"]
      ],
      { end: 90 }
    )
    assert.deepStrictEqual(
      pathsOf(missed)[0]?.map(([place]) => place),
      [callers, 0, callers, callers]
    )
  })

  it("go to the second store from Fallback", () => {
    const events: ReadonlyArray<Event> = [
      [0, 0, 0],
      [0, 1, 0],
      [5, 1, 0, "StoreUnavailableError"],
      [5, 2, 0],
      [6, 2, 0, "ok"],
      [6, 0, 0, "ok"]
    ]
    assert.deepStrictEqual(
      pathsOf(runOf(["Fallback", "Store", "Second store"], events)).map((path) => path.map(([place]) => place)),
      [[callers, 0, 1, 0, 2, 0, callers]]
    )
  })

  const scenarios: ReadonlyArray<Scenario> = [
    ...presets.map(({ scenario }) => scenario),
    {
      ...presets[0]!.scenario,
      stack: ["Timeout", "Hedge", "Retry", "Bulkhead", "Deadline"].map((name) => wrapperOf(name as "Retry"))
    }
  ]

  it("never go back in time, and are listed in all times in which they are visible", { timeout: 300_000 }, () => {
    for (const scenario of scenarios) {
      const { dots, points, visible, hop } = tracksOf(run(scenario))
      for (let dot = 0; dot < dots.request.length; dot++) {
        const [first, next] = [dots.first[dot]!, dots.first[dot + 1]!]
        for (let point = first + 1; point < next; point++) {
          assert.isAtLeast(points.time[point]! - points.time[point - 1]!, hop - 1e-6)
        }
        for (const time of [points.time[first]!, (points.time[first]! + dots.end[dot]!) / 2]) {
          const at = Math.max(0, Math.floor(time / bucket))
          if (at < visible.length) assert.isTrue(visible[at]!.includes(dot))
        }
      }
    }
  })

  it("never share a place in a pile", { timeout: 300_000 }, () => {
    for (const scenario of scenarios) {
      const { dots, points, hop } = tracksOf(run(scenario))
      const waits = new Map<string, Array<readonly [from: number, to: number]>>()
      for (let dot = 0; dot < dots.request.length; dot++) {
        for (let point = dots.first[dot]!; point < dots.first[dot + 1]!; point++) {
          if (points.slot[point]! < 0) continue
          const key = `${points.place[point]} ${points.slot[point]}`
          const to = point + 1 < dots.first[dot + 1]! ? points.time[point + 1]! : dots.end[dot]!
          waits.set(key, [...(waits.get(key) ?? []), [points.time[point]! + hop, to]])
        }
      }
      for (const all of waits.values()) {
        all.sort(([a], [b]) => a - b)
        for (let i = 1; i < all.length; i++) assert.isAtLeast(all[i]![0], all[i - 1]![1] - 250.001)
      }
    }
  })
})
