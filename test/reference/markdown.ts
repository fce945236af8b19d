/** Turns the text of docstrings into the text of pages: links to other pages, and tables. */
import { posix } from "node:path"
import * as docstrings from "./docstrings.ts"
import { defaultOf } from "./docstrings.ts"
import { errorNames } from "./errors.ts"
import { moduleOf, pageOf } from "./modules.ts"
import type { Option } from "./options.ts"

/** A page that is written: where it is, and what is explained on it. */
export interface Page {
  /** Within docs/. */
  readonly path: string
  /** The module that the page is about. Its name is not a link. */
  readonly self: string | undefined
  /** Names that are headings of the page. */
  readonly anchors: ReadonlyArray<string>
}

/** The address of a page of docs/ from another one. */
export const linkTo = (page: Page, target: string): string => {
  const [path = "", hash] = target.split("#")
  const link = posix.relative(posix.dirname(page.path), path)
  return `${link}${hash === undefined ? "" : `#${hash}`}`
}

/** The address of what a name stands for: a heading of the page, a module with a page, or an error. */
const addressOf = (page: Page, name: string): string | undefined => {
  if (page.anchors.includes(name)) return `#${name.toLowerCase()}`
  if (name === page.self) return undefined
  const module = moduleOf(name)
  if (module !== undefined) return linkTo(page, pageOf(module))
  const isOnPage = page.path === "reference/errors.md"
  if (errorNames.includes(name)) return `${isOnPage ? "" : linkTo(page, "reference/errors.md")}#${name.toLowerCase()}`
  return undefined
}

const linked = (page: Page, name: string): string => {
  const address = addressOf(page, name)
  return address === undefined ? `\`${name}\`` : `[\`${name}\`](${address})`
}

/** Text with links: `{@link X}`, and the first mention of each module and error. Code blocks stay as they are. */
export const markup = (page: Page, text: string): string => {
  const known = new Set<string>()
  const first = (name: string, code: string): string => {
    if (known.has(name) || addressOf(page, name) === undefined || page.anchors.includes(name)) return code
    known.add(name)
    return linked(page, name)
  }
  return text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part) =>
      part.startsWith("```")
        ? part
        : linksIn(page, part)
            .replace(/`docs\/([\w/-]+\.md)`/g, (_, path: string) => `[${posix.basename(path)}](${linkTo(page, path)})`)
            .replace(/(?<!\[)`([A-Z]\w+)`(?!\])/g, (code: string, name: string) => first(name, code))
    )
    .join("")
}

/** Text with the links that the docstring has. */
const linksIn = (page: Page, text: string): string =>
  text.replace(/`?\{@link ([\w.]+)\}`?/g, (_, name: string) => linked(page, name))

const cell = (text: string): string => text.replaceAll("\n", " ").replaceAll("|", "\\|")

export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => [
  `| ${head.join(" | ")} |`,
  `|${head.map(() => "---").join("|")}|`,
  ...rows.map((cells) => `| ${cells.map(cell).join(" | ")} |`)
]

/** Code in what is allowed: literals, and numbers stay as they are. */
const code = (allowed: string): string => allowed.replace(/"[^"]+"/g, (literal) => `\`${literal}\``)

/** Words of a default, or a value as code. */
const shownDefault = ({ described, doc, isRequired }: Option): string => {
  const text = described ?? defaultOf(doc ?? "") ?? "none"
  if (isRequired) return "required"
  if (/^[\d,]+$/.test(text)) return `\`${text.replaceAll(",", "")}\``
  return /^("[^"]*"|0o\d+|-?[\d.]+|true|false|\{ .*\})$/.test(text) ? `\`${text}\`` : text
}

/** All sentences of a docstring but the last one, which says the default. */
const withoutDefault = (doc: string): string =>
  doc.replace(/(?:^|(?<=[.)])) ?Default: (?:(?!\. [A-Z]).)*\.$/, "").trim()

/** The table of options on the page of a module: all that the docstrings say, and what is allowed. */
export const optionsTable = (page: Page, options: ReadonlyArray<Option>): ReadonlyArray<string> =>
  table(
    ["option", "what it does, and what is allowed", "default"],
    options.map((option) => {
      const does = markup(page, withoutDefault(option.doc ?? ""))
      const allowed = markup(page, code(option.allowed)).replace(/^[a-z]/, (first) => first.toUpperCase())
      return [`\`${option.name}\``, `${does} *${allowed}.*`.trim(), linksIn(page, shownDefault(option))]
    })
  )

/** The table of options on the page of all options: one sentence about each. */
export const shortOptionsTable = (page: Page, options: ReadonlyArray<Option>): ReadonlyArray<string> =>
  table(
    ["option", "what it does", "allowed", "default"],
    options.map((option) => {
      const does = docstrings.sentenceOf(option.doc ?? "").replace(/\.$/, "")
      return [
        `\`${option.name}\``,
        markup(page, does),
        markup(page, code(option.allowed)),
        linksIn(page, shownDefault(option))
      ]
    })
  )

/** The first sentence of the lead of a docstring. */
export const firstSentence = (lead: string): string => docstrings.sentenceOf(lead.replace(/\s+/g, " "))

/** A page from its lines, with a line break at its end. */
export const text = (lines: ReadonlyArray<string>): string =>
  `${lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`

export const madeBy = "<!-- made by `npm run options` -->"
