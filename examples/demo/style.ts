/** Colors, if the terminal supports them. */
import { Effect } from "effect"
import { TerminalCapabilities } from "effect/cli"

const painted = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`
const plain = (text: string): string => text

export const style = Effect.map(TerminalCapabilities.TerminalCapabilities, ({ canColor }) => {
  const paint = canColor ? painted : () => plain
  return { bold: paint(1), faint: paint(2), bad: paint(31), good: paint(32), accent: paint(36) }
})
