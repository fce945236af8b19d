import { median, type Sample } from "./measure.ts"

/** Identifies a sample. */
export interface Which {
  readonly section: string
  readonly subject: string
  readonly what: string
  /** Default: 64. */
  readonly callers?: number
  /** Default: "cpu". */
  readonly figure?: string
}

/** The sample, if it was measured. */
export const find = (
  samples: ReadonlyArray<Sample>,
  { section, subject, what, callers = 64, figure = "cpu" }: Which
): Sample | undefined =>
  samples.find(
    (sample) =>
      sample.section === section &&
      sample.subject === subject &&
      sample.what === what &&
      sample.callers === callers &&
      sample.figure === figure
  )

/** The median of a sample, if it was measured. */
export const figure = (samples: ReadonlyArray<Sample>, which: Which): number | undefined => {
  const sample = find(samples, which)
  return sample && median(sample.values)
}

/** The ratio of two samples, if both were measured. */
export const ratio = (samples: ReadonlyArray<Sample>, which: Which, base: Which): number | undefined => {
  const [a, b] = [find(samples, which), find(samples, base)]
  return a && b && median(a.values) / median(b.values)
}
