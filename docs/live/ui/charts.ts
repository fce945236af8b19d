/** The charts of a run, as shapes in a space of 1 unit per second and 100 units of height. */
import type { Run, Sample } from "../model.ts"
import { count, millis, percent } from "./format.ts"
import { type Group, groupOf, groups, type Look } from "./outcomes.ts"

export const chartHeight = 100

/** A line or an area of a chart. `color` names a CSS variable, `dashed` tells two lines apart without their colors. */
export interface Shape {
  readonly color: Look | "line-a" | "line-b"
  readonly path: string
  readonly kind: "line" | "area"
  readonly dashed?: boolean
}

export interface Chart {
  readonly id: string
  readonly title: string
  readonly shapes: ReadonlyArray<Shape>
  /** Labels of the axis, with their distance from the top as a fraction. */
  readonly ticks: ReadonlyArray<{ readonly label: string; readonly at: number }>
  /** What the chart shows at a sample, in words. */
  readonly read: (sample: Sample) => ReadonlyArray<Reading>
  /** What a reader without the picture should know. */
  readonly description: string
}

export interface Reading {
  readonly label: string
  readonly value: string
  readonly color?: Shape["color"]
}

/** Samples per second. */
const perSecond = 4

const round = (value: number): number => Math.round(value * 1000) / 1000

const start = (sample: Sample): number => sample.time / 1000 - 1 / perSecond

/** Steps from `bottom` to `top` for each sample. Samples that have no value leave a gap. */
const area = (
  samples: ReadonlyArray<Sample>,
  top: (sample: Sample) => number,
  bottom: (sample: Sample) => number = () => chartHeight
): string =>
  samples
    .filter((sample) => bottom(sample) - top(sample) > 0.01)
    .map((sample) => {
      const [x, y] = [round(start(sample)), round(top(sample))]
      return `M${x} ${y}h${1 / perSecond}V${round(bottom(sample))}h${-1 / perSecond}z`
    })
    .join("")

/** A line through the middle of the samples, with gaps where there is no value. */
const line = (samples: ReadonlyArray<Sample>, at: (sample: Sample) => number | undefined): string => {
  let drawing = false
  return samples
    .map((sample) => {
      const y = at(sample)
      if (y === undefined) {
        drawing = false
        return ""
      }
      const [x, command]: [number, string] = [start(sample) + 0.5 / perSecond, drawing ? "L" : "M"]
      drawing = true
      return `${command}${round(x)} ${round(y)}`
    })
    .join("")
}

/** The next number that looks well at the top of an axis and is not below a value. */
const niceAbove = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  return power * ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((it) => it * power >= value) ?? 10)
}

interface Scale {
  readonly y: (value: number) => number
  readonly ticks: Chart["ticks"]
}

const linear = (values: ReadonlyArray<number>, least: number, show = count): Scale => {
  const max = niceAbove(Math.max(least, ...values))
  return {
    y: (value) => chartHeight * (1 - value / max),
    ticks: [0, max / 2, max].map((value) => ({ label: show(value), at: 1 - value / max }))
  }
}

const logarithmic = (values: ReadonlyArray<number>): Scale => {
  // Faster answers, such as those of a cache, are drawn at the bottom.
  const lowest = 1
  const highest = Math.max(lowest * 100, 10 ** Math.ceil(Math.log10(Math.max(1, ...values))))
  const span = Math.log10(highest / lowest)
  const fraction = (value: number) => 1 - Math.log10(Math.max(value, lowest) / lowest) / span
  return {
    y: (value) => chartHeight * fraction(value),
    ticks: Array.from({ length: Math.round(span) + 1 }, (_, i) => lowest * 10 ** i).map((value) => ({
      label: millis(value),
      at: fraction(value)
    }))
  }
}

/** Whether a wrapper of the stack has something to show. */
const has = (run: Run, name: string): boolean => run.scenario.stack.some((wrapper) => wrapper.name === name)

const totalOf = (sample: Sample, group: Group): number =>
  Object.entries(sample.ended).reduce((sum, [outcome, n]) => sum + (groupOf(outcome) === group ? n : 0), 0)

const highest = (run: Run, of: (sample: Sample) => number | undefined): { value: number; time: number } => {
  const best = run.samples.reduce<Sample | undefined>(
    (best, sample) => ((of(sample) ?? -1) > (best === undefined ? -1 : (of(best) ?? -1)) ? sample : best),
    undefined
  )
  return { value: best === undefined ? 0 : (of(best) ?? 0), time: best === undefined ? 0 : start(best) }
}

const peak = (run: Run, of: (sample: Sample) => number | undefined, show: (value: number) => string): string => {
  const { value, time } = highest(run, of)
  return `highest ${show(value)}, at ${Math.round(time)} s`
}

const labels: Readonly<Record<Group, string>> = {
  ok: "succeeded",
  rejected: "rejected before the store",
  failed: "failed"
}

const rate = (sample: Sample, group: Group): number => perSecond * totalOf(sample, group)

/** How many answers per second there are at a sample, by group. */
export const answersAt = (sample: Sample): ReadonlyArray<Reading> =>
  groups.map((group) => ({ label: labels[group], value: count(rate(sample, group)), color: group }))

const answers = (run: Run): Chart => {
  const sum = (sample: Sample) => groups.reduce((all, group) => all + rate(sample, group), 0)
  const { y, ticks } = linear(run.samples.map(sum), 10)
  const below = (sample: Sample, group: Group) =>
    groups.slice(0, groups.indexOf(group)).reduce((all, it) => all + rate(sample, it), 0)
  return {
    id: "answers",
    title: "Answers per second",
    ticks,
    shapes: groups.map((group) => ({
      color: group,
      kind: "area",
      path: area(
        run.samples,
        (sample) => y(below(sample, group) + rate(sample, group)),
        (sample) => y(below(sample, group))
      )
    })),
    read: answersAt,
    description: groups
      .map((group) => `${labels[group]}: ${peak(run, (sample) => rate(sample, group), count)}`)
      .join("; ")
  }
}

const latency = (run: Run): Chart => {
  const values = run.samples.flatMap(({ p50, p99 }) => [p50, p99].filter((it) => it !== undefined))
  const { y, ticks } = logarithmic(values)
  const scaled = (value: number | undefined) => (value === undefined ? undefined : y(value))
  return {
    id: "latency",
    title: "Latency of the answers",
    ticks,
    shapes: [
      { color: "line-b", kind: "line", path: line(run.samples, ({ p99 }) => scaled(p99)), dashed: true },
      { color: "line-a", kind: "line", path: line(run.samples, ({ p50 }) => scaled(p50)) }
    ],
    read: ({ p50, p99 }) => [
      { label: "p50", value: millis(p50), color: "line-a" },
      { label: "p99", value: millis(p99), color: "line-b" }
    ],
    description: `p99: ${peak(run, ({ p99 }) => p99, millis)}`
  }
}

/** A chart of one number for each sample. */
const amount = (
  run: Run,
  {
    id,
    title,
    label,
    of,
    color,
    least = 4
  }: Pick<Chart, "id" | "title"> & {
    readonly label: string
    readonly of: (sample: Sample) => number
    readonly color: Shape["color"]
    readonly least?: number
  }
): Chart => {
  const { y, ticks } = linear(run.samples.map(of), least)
  return {
    id,
    title,
    ticks,
    shapes: [{ color, kind: "area", path: area(run.samples, (sample) => y(of(sample))) }],
    read: (sample) => [{ label, value: count(of(sample)), color }],
    description: peak(run, of, count)
  }
}

const hitRate = (run: Run): Chart => ({
  id: "hits",
  title: "Hit rate of the cache",
  ticks: [0, 0.5, 1].map((value) => ({ label: percent(value), at: 1 - value })),
  shapes: [
    {
      color: "hit",
      kind: "line",
      path: line(run.samples, ({ hitRate }) => (hitRate === undefined ? undefined : chartHeight * (1 - hitRate)))
    }
  ],
  read: ({ hitRate }) => [{ label: "hits", value: percent(hitRate), color: "hit" }],
  description: `${percent(run.summary.hitRate)} in all`
})

const circuitColors = { closed: "ok", "half-open": "rejected", open: "failed" } as const

const circuit = (run: Run): Chart => ({
  id: "circuit",
  title: "Circuit",
  ticks: [],
  shapes: (["closed", "half-open", "open"] as const).map((state) => ({
    color: circuitColors[state],
    kind: "area",
    path: area(run.samples, (sample) =>
      sample.circuit === state ? { closed: 78, "half-open": 40, open: 4 }[state] : chartHeight
    )
  })),
  read: ({ circuit = "closed" }) => [{ label: "state", value: circuit, color: circuitColors[circuit] }],
  description: `open for ${Number(
    (run.samples.filter(({ circuit }) => circuit === "open").length / perSecond).toFixed(2)
  )} s in all`
})

export const chartsOf = (run: Run): ReadonlyArray<Chart> => [
  answers(run),
  latency(run),
  ...(has(run, "CircuitBreaker") ? [circuit(run)] : []),
  amount(run, {
    id: "calls",
    title: "Calls to the store per second",
    label: "calls",
    of: ({ storeCalls }) => perSecond * storeCalls,
    color: "line-a",
    least: 10
  }),
  ...(has(run, "Retry")
    ? [
        amount(run, {
          id: "retries",
          title: "Retries per second",
          label: "retries",
          of: ({ retries }) => perSecond * retries,
          color: "retry"
        })
      ]
    : []),
  ...(has(run, "PassthroughCache") ? [hitRate(run)] : []),
  ...(has(run, "Bulkhead")
    ? [
        amount(run, {
          id: "queue",
          title: "Calls in the queue of Bulkhead",
          label: "waiting",
          of: ({ queue }) => queue,
          color: "write"
        })
      ]
    : []),
  amount(run, {
    id: "in-flight",
    title: "Requests without an answer yet",
    label: "requests",
    of: ({ inFlight }) => inFlight,
    color: "write",
    least: 10
  })
]

/** The sample that a time in milliseconds lies in. */
export const sampleAt = (run: Run, time: number): Sample | undefined =>
  run.samples[Math.min(run.samples.length - 1, Math.max(0, Math.floor(time / (1000 / perSecond))))]
