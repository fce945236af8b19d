/** Tests how the benchmark turns samples into figures, targets, a report and charts. */
import { assert, describe, it } from "@effect/vitest"
import { barChart } from "../../bench/chart.ts"
import { charts } from "../../bench/charts.ts"
import { figure, find, ratio } from "../../bench/figures.ts"
import { median, quantile, type Sample } from "../../bench/measure.ts"
import { report, targetsOf } from "../../bench/report.ts"
import { type Target, targets } from "../../bench/targets.ts"
import { target } from "./target.ts"

const sample = (subject: string, values: ReadonlyArray<number>, more: Partial<Sample> = {}): Sample => ({
  section: "redis",
  subject,
  what: "get",
  callers: 64,
  figure: "cpu",
  unit: "µs",
  values,
  ...more
})

describe("figures", () => {
  it("median and quantile return one of the values, in any order", () => {
    assert.strictEqual(median([30, 1, 2]), 2)
    assert.strictEqual(median([4, 3, 2, 1]), 3)
    assert.strictEqual(quantile([5, 4, 3, 2, 1], 0.99), 5)
    assert.isNaN(median([]))
  })

  it("finds a sample by all of its fields", () => {
    const samples = [sample("a", [1]), sample("a", [2], { callers: 1 }), sample("a", [3], { figure: "rate" })]
    const which = { section: "redis", subject: "a", what: "get" }
    assert.strictEqual(figure(samples, which), 1)
    assert.strictEqual(figure(samples, { ...which, callers: 1 }), 2)
    assert.strictEqual(figure(samples, { ...which, figure: "rate" }), 3)
    assert.isUndefined(find(samples, { ...which, what: "put" }))
    assert.isUndefined(find(samples, { ...which, section: "batches" }))
  })

  it("computes a ratio from medians, so that one slow run does not count", () => {
    const samples = [sample("a", [6, 40, 2]), sample("b", [3, 2, 60])]
    const which = { section: "redis", subject: "a", what: "get" }
    assert.strictEqual(ratio(samples, which, { ...which, subject: "b" }), 2)
    assert.isUndefined(ratio(samples, which, { ...which, subject: "c" }))
  })
})

describe("targets", () => {
  const reached = (name: string, samples: ReadonlyArray<Sample>) =>
    targets.find((target) => target.name.startsWith(name))!.reached(samples)

  it("reports undefined for every target when samples are missing", () => {
    for (const target of targets) assert.isUndefined(target.reached([]), target.name)
  })

  it("gives every target its own name and its sections", () => {
    assert.strictEqual(new Set(targets.map(({ name }) => name)).size, targets.length)
    assert.isTrue(targets.every(({ sections, most }) => sections.length > 0 && most > 0))
  })

  it("gates only ratios", () => {
    const gated = targets.filter(({ gate }) => gate)
    assert.isAbove(gated.length, 10)
    assert.isTrue(gated.every(({ unit }) => unit === "×"))
  })

  it("takes the worst row for a target against another library", () => {
    const samples = [
      sample("effect-kv", [5]),
      sample("keyv", [10]),
      sample("effect-kv", [9], { callers: 1, section: "batches", what: "put" }),
      sample("keyv", [10], { callers: 1, section: "batches", what: "put" })
    ]
    assert.strictEqual(reached("Against keyv", samples), 0.9)
    assert.isUndefined(reached("Against unstorage", samples))
    const slower = [...samples, sample("effect-kv", [3], { callers: 256 }), sample("keyv", [2], { callers: 256 })]
    assert.strictEqual(reached("Against keyv", slower), 1.5)
    assert.include(targetsOf(targets, slower), "(1.50 ×): redis, get, callers: 256: 1.50 ×.")
  })

  it("takes the row with the highest added cost for a target of a wrapper", () => {
    const of = (leaf: string, subject: string, values: ReadonlyArray<number>) =>
      sample(subject, values, { section: `wrappers, ${leaf}`, figure: "added" })
    const samples = [
      of("Memory", "Timeout", [0, 0, 9]),
      of("Memory, answers later", "Timeout", [0.5, 0.25, 8]),
      of("Memory, answers later", "Retry", [3, 3, 3])
    ]
    assert.strictEqual(reached("One policy wrapper more: Timeout", samples), 0.5)
  })
})

describe("the report", () => {
  const rows = (each: Target) => targetsOf([each], []).split("\n")

  it("marks a target as met up to its figure, and as missed above", () => {
    assert.strictEqual(rows(target({}))[2], "| it | ≤ 2 × | 2.00 × |  | met |")
    assert.strictEqual(rows(target({ reached: () => 2.01 }))[2], "| it | ≤ 2 × | 2.01 × |  | missed |")
    assert.strictEqual(rows(target({ isBelow: true }))[2], "| it | < 2 × | 2.00 × |  | missed |")
    assert.strictEqual(rows(target({ reached: () => undefined }))[2], "| it | ≤ 2 × | not measured |  |  |")
  })

  it("explains a missed target by its floor and its note", () => {
    const floor = { what: "By hand", reached: () => 2.5 }
    const text = targetsOf([target({ reached: () => 3, floor, note: "Since so it is." })], [])
    assert.include(text, "| it | ≤ 2 × | 3.00 × | 2.50 × | missed |")
    assert.include(text, "By hand takes 2.50 ×; effect-kv takes 1.20 times that. Since so it is.")
    assert.include(targetsOf([target({ reached: () => 2.8, floor })], []), "| within 1.15 × of the work by hand |")
    assert.notInclude(targetsOf([target({ floor, note: "Never mind." })], []), "Never mind")
  })

  it("has a table for each number of callers, with ratios to the first row", () => {
    const text = report({
      samples: [
        sample("raw", [10]),
        sample("ours", [11]),
        sample("ours", [1234], { figure: "rate" }),
        sample("ours", [0.5], { callers: 1 }),
        sample("stranger", [1], { section: "redistribution" })
      ],
      setting: [["machine", "this one"]],
      parts: [{ name: "redis", title: "Redis", about: "About it." }],
      targets: [],
      charts: [{ file: "charts/a.svg", title: "A" }]
    })
    assert.include(text, "## Redis\n\nAbout it.\n\n### 64 callers")
    assert.include(
      text,
      "|  | get: CPU µs | ratio | get: op/s |\n| --- | ---: | ---: | ---: |\n| raw | 10.0 | 1.00 × |  |"
    )
    assert.include(text, "| ours | 11.0 | 1.10 × | 1,234 |")
    assert.include(text, "### One caller")
    assert.include(text, "| ours | 0.50 | 1.00 × |")
    assert.include(text, "| machine | this one |")
    assert.include(text, "![A](charts/a.svg)")
    assert.notInclude(text, "stranger")
  })
})

describe("charts", () => {
  it("have a bar for each value, in proportion, and escape names", () => {
    const svg = barChart({
      title: "A & B",
      unit: "µs",
      series: ["get", "put"],
      bars: [
        { label: "<ours>", isOurs: true, values: [10, 20] },
        { label: "theirs", isOurs: false, values: [40, 5] }
      ]
    })
    const lengths = [...svg.matchAll(/class="(ours|others)\d" .*? width="(\d+)"/g)].map(([, , length]) =>
      Number(length)
    )
    assert.deepStrictEqual(lengths, [110, 220, 440, 55])
    assert.include(svg, "A &#38; B")
    assert.include(svg, "&#60;ours&#62;")
    assert.notInclude(svg, "<ours>")
    assert.include(svg, "prefers-color-scheme: dark")
  })

  it("show every subject of a section", () => {
    const samples = [
      sample("ioredis + JSON", [10]),
      sample("effect-kv", [9]),
      sample("effect-kv", [8], { what: "put" })
    ]
    const [[file, chart]] = charts(samples) as [(typeof charts extends (...args: never) => infer A ? A : never)[number]]
    assert.strictEqual(file, "redis.svg")
    assert.deepStrictEqual(chart.bars, [
      { label: "ioredis + JSON", isOurs: false, values: [10, 0] },
      { label: "effect-kv", isOurs: true, values: [9, 8] }
    ])
  })
})
