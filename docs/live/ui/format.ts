/** Numbers as the page shows them. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

export const count = (value: number): string => grouped.format(value)

export const millis = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value)
    ? "–"
    : value < 10
      ? `${Number(value.toFixed(1))} ms`
      : value < 10_000
        ? `${count(value)} ms`
        : `${Number((value / 1000).toFixed(1))} s`

export const percent = (fraction: number | undefined): string =>
  fraction === undefined || Number.isNaN(fraction)
    ? "–"
    : `${Number((100 * fraction).toFixed(fraction > 0.99 ? 1 : 0))} %`

export const bytes = (value: number): string =>
  value < 1000 ? `${count(value)} B` : value < 1e6 ? `${count(value / 1000)} KB` : `${(value / 1e6).toFixed(2)} MB`

/** A time on the timeline, in seconds. */
export const seconds = (value: number): string => `${value.toFixed(2)} s`

/** The difference to an earlier value, with its sign, or nothing if there is none. */
export const difference = (now: number, before: number, show: (value: number) => string): string => {
  const change = now - before
  const text = show(Math.abs(change))
  return /^0(?:\.0+)?(?: |$)/.test(text) ? "" : `${change > 0 ? "+" : "−"}${text}`
}
