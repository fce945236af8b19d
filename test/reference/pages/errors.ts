/** The page of all errors. */
import * as docstrings from "../docstrings.ts"
import { type ErrorInfo, errors, placeFields } from "../errors.ts"
import { linkTo, madeBy, markup, type Page, table, text } from "../markdown.ts"
import { type Module, modules, pageOf } from "../modules.ts"

const page: Page = { path: "reference/errors.md", self: undefined, anchors: [] }

/** The items of the section "Errors" of a docstring that name the error first, as in "- `TimeoutError`: the time was up". */
export const namedFirst = ({ file, hidden }: Module): ReadonlyArray<string> =>
  docstrings
    .exportsOf(file)
    .filter(({ kind, name }) => kind !== "type" && !hidden.includes(name))
    .flatMap(({ doc }) => doc.sections.filter(({ title }) => title === "Errors"))
    .flatMap(({ text }) => [...text.matchAll(/^- ((?:`\w+Error`(?:, )?)+)/gm)])
    .flatMap(([, names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name!))

/** Errors that every layer may fail to build with, or that every store has. */
const everywhere: Readonly<Record<string, string>> = {
  StoreSetupError: "the layer of every store, wrapper and service, when it is built",
  EncryptionError: "none of effect-kv's own modules"
}

const raisedBy = (tag: string): string => {
  const known = everywhere[tag]
  if (known !== undefined) return known
  const found = modules.filter((module) => !module.file.startsWith("src/testing/") && namedFirst(module).includes(tag))
  return found.map((module) => `[\`${module.name}\`](${linkTo(page, pageOf(module))})`).join(", ")
}

const overview = (): ReadonlyArray<string> =>
  table(
    ["error", "retryable", "outcome of a write", "raised by"],
    errors.map(({ tag, retryable, outcome }) => [
      `[\`${tag}\`](#${tag.toLowerCase()})`,
      retryable.replace(/; .*/, "*"),
      outcome.replace(/; .*/, "*").replace(/[`"]/g, ""),
      raisedBy(tag)
    ])
  )

const part = ({ doc }: ErrorInfo, title: string): ReadonlyArray<string> =>
  doc.sections.filter((it) => it.title === title).flatMap((it) => [`**${title}.** ${markup(page, it.text)}`, ""])

const details = ({ doc }: ErrorInfo): ReadonlyArray<string> =>
  doc.sections
    .filter(({ title }) => title === "Details" || title === "Gotchas")
    .flatMap((it) => [markup(page, it.text), ""])

/** The values of a type such as `DecryptionReason`, from its docstring. */
const reasonsOf = (type: string): ReadonlyArray<string> => {
  const found = docstrings.exportsOf("src/KeyValueError.ts").find(({ name, kind }) => kind === "type" && name === type)
  return found === undefined || !/Reason$/.test(type) ? [] : [found.doc.lead, ""]
}

const fieldRows = (error: ErrorInfo): ReadonlyArray<ReadonlyArray<string>> =>
  error.fields.map(({ name, type, isRequired, doc }) => [
    `\`${name}${isRequired ? "" : "?"}\``,
    `\`${type}\``,
    markup(page, doc ?? about[name] ?? "")
  ])

/** What fields mean that several errors have. */
const about: Readonly<Record<string, string>> = {
  reason: "why it failed, in words",
  cause: "the error of the backend, which may quote keys",
  sent: "whether the request may have reached the store",
  isClosed: "whether the layer of the store is closed",
  maybeApplied: "whether a part of the write may have been applied",
  duration: "the limit that was exceeded",
  ttl: "the TTL that was given",
  size: "size of the value in bytes",
  maxSize: "the limit in bytes",
  minSize: "the limit in bytes",
  limitedBy: "the wrapper or store whose limit it is",
  key: "the missing key",
  attempts: "how often it was tried",
  value: "the counter, which is unchanged",
  by: "what was to be added",
  min: "the lowest allowed value",
  max: "the highest allowed value",
  retryAfter: "when another attempt makes sense",
  waited: "how long the call has waited",
  token: "the token of the lost lease"
}

const errorText = (error: ErrorInfo): ReadonlyArray<string> => [
  `## ${error.tag}`,
  "",
  markup(page, error.doc.lead),
  "",
  `- Retryable: ${error.retryable}.`,
  ...(error.outcome === "none" ? [] : [`- Outcome of a write: ${error.outcome}.`]),
  `- Raised by: ${raisedBy(error.tag)}.`,
  "",
  ...details(error),
  ...part(error, "What to do"),
  ...(error.fields.length === 0 ? [] : [...table(["field", "type", "what it is"], fieldRows(error)), ""]),
  ...error.fields.flatMap(({ type }) => reasonsOf(type))
]

export const errorsPage = (): string => {
  const { sections } = docstrings.moduleDocOf("src/KeyValueError.ts")
  const part = (title: string) => markup(page, sections.find((it) => it.title === title)?.text ?? "")
  return text([
    "# Errors",
    "",
    madeBy,
    "",
    "Every failure of effect-kv is a tagged error. This page lists all of them: when each one occurs, whether a retry can help, and what to do about it.",
    "",
    part("Details"),
    "",
    ...table(
      ["field", "type", "what it is"],
      placeFields.map(({ name, type }) => [`\`${name}\``, `\`${type}\``, places[name] ?? ""])
    ),
    "",
    "`StoreSetupError` has `module` instead of these fields.",
    "",
    part("Gotchas").replace(/^/, "**Gotchas**\n\n"),
    "",
    "## All errors",
    "",
    "An asterisk means that it depends on a field of the error.",
    "",
    ...overview(),
    "",
    ...errors.flatMap(errorText)
  ])
}

const places: Readonly<Record<string, string>> = {
  operation: 'the method that the application called, such as `"getMany"`',
  collection: "the collection of the call",
  keys: "the keys of the call, as the application named them"
}
