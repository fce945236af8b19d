import type { Chart } from "./chart.ts"
import { figure } from "./figures.ts"
import type { Sample } from "./measure.ts"

/** A chart of the CPU time of all subjects of a section. */
const cpuOf = (
  samples: ReadonlyArray<Sample>,
  section: string,
  title: string,
  isOurs: (subject: string) => boolean
) => {
  const subjects = [...new Set(samples.filter((sample) => sample.section === section).map(({ subject }) => subject))]
  const series = ["get", "put"]
  return {
    title,
    unit: "CPU µs per operation",
    series,
    bars: subjects.map((subject) => ({
      label: subject,
      isOurs: isOurs(subject),
      values: series.map((what) => figure(samples, { section, subject, what }) ?? 0)
    }))
  } satisfies Chart
}

/** The charts, by file name. */
export const charts = (samples: ReadonlyArray<Sample>): ReadonlyArray<readonly [file: string, Chart]> => [
  [
    "redis.svg",
    cpuOf(samples, "redis", "CPU per get and put on Redis, 1 KiB, 64 callers", (subject) =>
      subject.startsWith("effect-kv")
    )
  ],
  [
    "stacks.svg",
    cpuOf(
      samples,
      "stacks, 1 KiB",
      "CPU per get and put of stacks on Redis, 1 KiB, 64 callers",
      (subject) => !subject.startsWith("ioredis") && !subject.includes("by hand")
    )
  ]
]
