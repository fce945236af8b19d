/** Words for how a call ended. */
import { inspect } from "node:util"

/** How long to wait for a call, in milliseconds. Some libraries give up after ten seconds. */
const limit = 20_000

const errorText = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { _tag: tag, outcome } = error as { readonly _tag?: string; readonly outcome?: string }
  const name = (tag ?? (error.name === "Error" ? error.constructor.name : error.name)).replace(/^_/, "")
  return `\`${name}\`${outcome === undefined ? "" : `, outcome \`${outcome}\``}`
}

const duration = (millis: number): string => (millis < 1000 ? "" : ` after ${Math.round(millis / 1000)} s`)

export const show = (value: unknown): string => `\`${inspect(value, { breakLength: Number.POSITIVE_INFINITY })}\``

/** The value of a promise, its error, or that it has not ended in time. */
export const outcomeOf = async (start: () => Promise<unknown>): Promise<string> => {
  const begin = performance.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${limit / 1000} s`), limit)
  })
  const elapsed = () => duration(performance.now() - begin)
  const call = (async () => {
    try {
      return `${show(await start())}${elapsed()}`
    } catch (error) {
      return `fails${elapsed()}: ${errorText(error)}`
    }
  })()
  const outcome = await Promise.race([call, late])
  clearTimeout(timer)
  return outcome
}
