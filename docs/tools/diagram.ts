/**
 * Writes the icon of the site, and what is made from the recommended order of wrappers: the picture of a stack
 * (docs/public/stack.svg), and the table in docs/concepts/wrappers-and-order.md. Run it after a change of order.ts:
 * `node docs/tools/diagram.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { icon, stackPicture } from "./drawing.ts"
import { layers } from "./order.ts"
import { docs } from "./paths.ts"

const page = `${docs}concepts/wrappers-and-order.md`
const begin = "<!-- The table is written by docs/tools/diagram.ts. -->\n\n"
const end = "\n<!-- End of the table. -->"

const linkOf = (name: string): string => `[${name}](../reference/wrappers/${name}.md)`

/** The rows from the store outward. */
const table = (): string => {
  const rows = layers.map(({ names, adds, why }) => `| ${names.map(linkOf).join(", ")} | ${adds} | ${why} |`)
  return ["| from the store outward | adds | why it is here |", "|---|---|---|", ...rows, ""].join("\n")
}

const withTable = (text: string): string => {
  const [before, rest = ""] = text.split(begin, 2)
  return before + begin + table() + end + rest.slice(rest.indexOf(end) + end.length)
}

/** The files that this script writes, with their texts. */
export const files = (): ReadonlyArray<readonly [path: string, text: string]> => [
  [`${docs}public/stack.svg`, stackPicture()],
  [`${docs}public/icon.svg`, icon()],
  [page, withTable(readFileSync(page, "utf8"))]
]

if (import.meta.main) for (const [path, text] of files()) writeFileSync(path, text)

/** The names of all wrappers in the order, from the store outward. */
export const names: ReadonlyArray<string> = layers.flatMap(({ names }) => names)
