/** Tests that the tutorial shows the numbers of its script, and that the script still runs. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { drawn, filled, readPage, readPlot, readReport } from "../../docs/tools/tutorial.ts"
import { type Chapter, chapters, run } from "../../examples/tutorial/lab/chapters.ts"
import type { Run } from "../../examples/tutorial/lab/numbers.ts"
import { type Scenario, standard } from "../../examples/tutorial/lab/scenario.ts"
import { describeRedis } from "../servers/redis.ts"

const report = readReport()

const stored = (id: string): Run => {
  const found = report.runs.find((run) => run.id === id)
  assert.isDefined(found, `numbers.json has no run ${id}`)
  return found
}

const errorsOf = (id: string): number => Object.values(stored(id).errors).reduce((sum, count) => sum + count, 0)

const made = (chapter: Chapter, scenario: Scenario) => Effect.provide(run(chapter, scenario), NodeServices.layer)

describe("the page of the tutorial", () => {
  it("shows the numbers of numbers.json", () => {
    assert.deepStrictEqual(
      report.runs.map(({ id, title }) => [id, title]),
      chapters.map(({ id, title }) => [id, title])
    )
    assert.deepStrictEqual(report.scenario, standard)
    assert.strictEqual(filled(readPage(), report), readPage(), "run `node docs/tools/tutorial.ts`")
  })

  it("shows plots of the numbers of numbers.json", () => {
    for (const [file, svg] of drawn(report)) assert.strictEqual(readPlot(file), svg, file)
  })

  it("says in its text what the numbers show", () => {
    const calls = (id: string) => stored(id).databaseCalls
    const redisCalls = (id: string) => stored(id).redisCalls ?? Number.NaN
    /** Database calls per second while Redis is down. */
    const inOutage = (id: string) => {
      const { outage, series } = stored(id)
      const steps = series.databaseCalls.slice(outage!.silent * 2 + 1, outage!.back * 2)
      return (2 * steps.reduce((sum, count) => sum + count, 0)) / steps.length
    }
    const claims: ReadonlyArray<readonly [text: string, isTrue: boolean]> = [
      ["Three of four queries are gone", calls("2") / calls("1") < 0.3],
      ["a third fewer queries than before", calls("3") / calls("2") < 0.7],
      ["no request takes longer than one query", stored("3").slowest <= 600],
      ["slightly more errors than in chapter 2", errorsOf("3") > errorsOf("2") && errorsOf("3") < 1.2 * errorsOf("2")],
      ["Two requests failed", errorsOf("4") === 2],
      ["values were 8 seconds old", Math.round(stored("4").oldest / 1000) === 8],
      ["almost twice as many queries", calls("5a") > 1.6 * calls("4") && calls("5a") < 2.1 * calls("4")],
      ["its requests fail until the database is back", errorsOf("5a") > 100],
      ["the errors are gone", errorsOf("5b") < 5],
      ["Fewer than half of the Redis calls are left", redisCalls("5c") < redisCalls("5b") / 2],
      ["5 to 10 % of the queries", Math.abs(calls("5d") / calls("5c") - 0.925) <= 0.025],
      ["more than doubles the calls to Redis", redisCalls("5d") > 2 * redisCalls("5c")],
      ["a\nread takes a second to fail", stored("6a").p99 > 900],
      ["several times as many queries as", inOutage("6b") > 100],
      ["about as much to do in the outage as before it", inOutage("6c") < 60],
      ["younger than in run 6b", stored("6c").oldest < stored("6b").oldest],
      ["less than a quarter of the queries of chapter 1", calls("6b") < calls("1") / 4 && calls("6c") < calls("1") / 4]
    ]
    const page = readPage()
    for (const [text, isTrue] of claims) {
      assert.include(page, text)
      assert.isTrue(isTrue, text)
    }
  })
})

describe("the script of the tutorial", () => {
  for (const chapter of chapters.filter(({ runs }) => runs === "virtual")) {
    it.live(`has the same numbers in chapter ${chapter.id} each time`, () =>
      Effect.map(made(chapter, standard), (run) =>
        assert.deepStrictEqual({ ...run }, stored(chapter.id), "the numbers have changed: run `npm run tutorial`")
      )
    )
  }
})

describeRedis("the script of the tutorial, with real processes", () => {
  const short: Scenario = {
    ...standard,
    seconds: 3,
    requestsPerSecond: 50,
    products: 5,
    slow: [0, 0],
    down: [1, 2],
    handover: 1.5
  }

  it.live("runs chapter 6", () =>
    Effect.gen(function* () {
      const chapter = chapters.find(({ id }) => id === "6c")!
      const outage = { silent: 1, dead: 1.5, back: 2 }
      const { requests, databaseCalls, redisCalls, errors } = yield* made({ ...chapter, outage }, short)
      assert.isAbove(requests, 100)
      assert.isAbove(databaseCalls, 5)
      assert.isBelow(databaseCalls, requests)
      assert.isAbove(redisCalls ?? 0, 10)
      assert.notProperty(errors, "defect")
    })
  )
})
