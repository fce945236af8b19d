/** The page of a module: what it is for, its options, its errors, its metrics and an example that runs. */
import { readFileSync } from "node:fs"
import { metrics } from "../../../docs/tools/metrics.ts"
import { capabilitiesOf } from "../capabilities.ts"
import * as docstrings from "../docstrings.ts"
import { firstSentence, linkTo, madeBy, markup, optionsTable, type Page, table, text } from "../markdown.ts"
import { type Module, order, pageOf, type Service } from "../modules.ts"
import { type Section, sections } from "../options.ts"
import { metricsTable } from "./metrics.ts"

type Exported = docstrings.Exported

/** Sections of a docstring that have a place of their own on the page. */
const placed = ["When to use", "Details", "Errors", "Metrics", "Gotchas", "Example"]

/** The exports of a module that the page explains. */
const explained = ({ file, hidden }: Module): ReadonlyArray<Exported> =>
  docstrings.exportsOf(file).filter(({ kind, name }) => kind !== "type" && !hidden.includes(name))

const isOf = (module: Module, { title }: Section): boolean =>
  title === module.name || title.startsWith(`${module.name}.`)

/** The options of a function. Those of the main function have no name of a function in their title. */
const optionsOf = (module: Module, name: string): ReadonlyArray<Section> =>
  sections.filter((section) => isOf(module, section) && section.calls.some((call) => functionOf(module, call) === name))

/** The function of the module that a call names: `layer` in `Redis.layer(options)`. */
const functionOf = ({ name }: Module, call: string): string | undefined => {
  const [, of, called] = /^(\w+)\.(\w+)/.exec(call) ?? []
  return of === name ? called : undefined
}

/** Options of methods, such as `kv.put(key, value, options)`. */
const optionsOfMethods = (module: Module): ReadonlyArray<Section> =>
  sections.filter(
    (section) => isOf(module, section) && section.calls.every((call) => functionOf(module, call) === undefined)
  )

/** The longest call that is shown with its result. The page of the API has the types of all. */
const maxSignature = 140

const signatureOf = (module: Module, { name, signature }: Exported): string => {
  const whole = `${module.name}.${name}${signature}`
  return whole.length <= maxSignature ? whole : whole.replace(/(?<=\)): [A-Z][^()]*$/, "")
}

const callText = (module: Module, exported: Exported): ReadonlyArray<string> =>
  exported.kind === "class" || exported.signature === ""
    ? []
    : ["```typescript", signatureOf(module, exported), "```", ""]

const section = (page: Page, doc: docstrings.Doc, title: string): ReadonlyArray<string> => {
  const found = doc.sections.filter((it) => it.title === title)
  return found.length === 0 ? [] : [`## ${title}`, "", ...found.flatMap((it) => [markup(page, it.text), ""])]
}

/** The examples of a docstring, with their captions. */
const examplesOf = (doc: docstrings.Doc): ReadonlyArray<string> =>
  doc.sections
    .filter(({ title }) => title === "Example")
    .flatMap(({ caption, text }) => [...(caption === undefined ? [] : [`${caption}:`, ""]), text, ""])

/** The options of a further function, unless the page has the same table already. */
const furtherOptions = (page: Page, module: Module, { name }: Exported, section: Section): ReadonlyArray<string> => {
  const isMain = section.calls.some((call) => functionOf(module, call) === module.primary)
  return isMain && name !== module.primary
    ? [`It takes the same options as \`${module.primary}\`.`, ""]
    : [...optionsTable(page, section.options), ""]
}

/** A further function: its docstring with bold headings, as it is written. */
const furtherText = (page: Page, module: Module, exported: Exported): ReadonlyArray<string> => [
  `## ${exported.name}`,
  "",
  markup(page, exported.doc.lead),
  "",
  ...callText(module, exported),
  ...optionsOf(module, exported.name).flatMap((it) => furtherOptions(page, module, exported, it)),
  ...exported.doc.sections.flatMap(({ title, caption, text }) =>
    title === "Example"
      ? [...(caption === undefined ? ["**Example**"] : [`**Example** (${caption})`]), "", text, ""]
      : [`**${title}**`, "", markup(page, text), ""]
  )
]

const optionsText = (page: Page, options: ReadonlyArray<Section>): ReadonlyArray<string> =>
  options.length === 0 || options.every((it) => it.options.length === 0)
    ? []
    : ["## Options", "", ...notes(options), ...options.flatMap((it) => [...optionsTable(page, it.options), ""])]

/** How to read a table of options, where it needs that. */
const notes = (sections: ReadonlyArray<Section>): ReadonlyArray<string> => {
  const options = sections.flatMap((it) => it.options)
  const parameters = sections.flatMap(({ calls }) =>
    calls.flatMap((call) => (/\(([^()]*)\)$/.exec(call)?.[1] ?? "").split(", ").filter((it) => it !== "options"))
  )
  const positional = options.map(({ name }) => name).find((name) => parameters.includes(name))
  const nested = options.map(({ name }) => name).find((name) => name.includes("."))
  const [outer, inner] = nested?.split(".") ?? []
  const sentences = [
    ...(positional === undefined ? [] : [`\`${positional}\` is the first argument.`]),
    ...(nested === undefined ? [] : [`\`${nested}\` is written as \`{ ${outer}: { ${inner} } }\`.`])
  ]
  return sentences.length === 0 ? [] : [sentences.join(" "), ""]
}

/** The members of a service, with what each does. */
const methodsTable = (page: Page, { file, type, needs }: Service): ReadonlyArray<string> => {
  const members = docstrings
    .membersOf(file, type)
    .filter(({ doc, name }) => name !== "driver" && doc && !doc.includes("@internal"))
  const heading = needs?.replace(/[A-Z]\w+/g, "`$&`")
  return [
    ...(heading === undefined ? [] : [`With ${heading} among the \`capabilities\`:`, ""]),
    ...table(
      ["method", "what it does"],
      members.map(({ name, lead }) => [`\`${name}\``, markup(page, lead)])
    ),
    ""
  ]
}

const methodsText = (page: Page, module: Module): ReadonlyArray<string> =>
  module.services.length === 0
    ? []
    : [
        "## Methods",
        "",
        ...module.services.flatMap((it) => methodsTable(page, it)),
        `The [API](${apiOf(page, module)}) has their types and details.`,
        "",
        ...optionsOfMethods(module).flatMap((it) => methodOptions(page, it))
      ]

const methodOptions = (page: Page, { title, calls, options }: Section): ReadonlyArray<string> => [
  `### Options of ${title.includes(".") ? title.slice(title.indexOf(".") + 1) : "the methods"}`,
  "",
  `${calls.map((call) => `\`${call}\``).join(", ")}`,
  "",
  ...optionsTable(page, options),
  ""
]

const metricsText = (page: Page, { name }: Module): ReadonlyArray<string> => {
  const own = metrics.filter(({ module }) => module === name)
  if (own.length === 0) return []
  const all = `All metrics, with their units and attributes: [Metrics and spans](${linkTo(page, "reference/metrics.md")}).`
  return ["## Metrics", "", ...metricsTable(own), "", all, ""]
}

const exampleText = (page: Page, { examples }: Module): ReadonlyArray<string> => {
  if (examples.length === 0) return []
  return [
    examples.length === 1 ? "## Example" : "## Examples",
    "",
    ...examples.flatMap((file) => [
      `[\`${file}\`](${linkTo(page, `../${file}`)}) prints what the comment at its end says:`,
      "",
      `\`\`\`ts ${file}`,
      readFileSync(file, "utf8").trimEnd(),
      "```",
      ""
    ])
  ]
}

/** The source of the module. On the site, this is the page of its API. */
const apiOf = (page: Page, { file }: Module): string => linkTo(page, `../${file}`)

const placeText = (page: Page, { name, folder }: Module): ReadonlyArray<string> => {
  if (folder !== "wrappers") return []
  const all = `[Wrappers and their order](${linkTo(page, "concepts/wrappers-and-order.md")})`
  const index = order.findIndex((names) => names.includes(name))
  const shown = (names: ReadonlyArray<string> | undefined) =>
    (names ?? []).map((it) => `[\`${it}\`](${it}.md)`).join(" or ")
  const inside = index === 0 ? "directly around the store" : `outside of ${shown(order[index - 1])}`
  const outside = index === order.length - 1 ? "" : `, inside of ${shown(order[index + 1])}`
  return [`- Recommended place in a stack: ${inside}${outside}. See ${all}.`]
}

const sidebar = readFileSync("docs/.vitepress/sidebar.ts", "utf8")

/** The title that a page has in the sidebar. */
const titleOf = (address: string): string => {
  const [, title = address] = new RegExp(`page\\("([^"]+)", "/${address}"\\)`).exec(sidebar) ?? []
  return title
}

const seeAlso = (page: Page, module: Module): ReadonlyArray<string> => [
  "## See also",
  "",
  ...placeText(page, module),
  ...module.guides.map((guide) => `- [${titleOf(guide)}](${linkTo(page, `${guide}.md`)})`),
  `- [API of ${module.name}](${apiOf(page, module)})`,
  ""
]

/** What a page says about a module as a whole: what it needs, or where it is described. */
const requirements = (page: Page, { file }: Module): ReadonlyArray<string> =>
  docstrings.moduleDocOf(file).sections.flatMap(({ title, text }) => {
    // The pages of a module have links of their own.
    const own = text.replace(/^.*`docs\/[\s\S]*$/m, "").trim()
    return title === "Details" && own !== "" ? [markup(page, own), ""] : []
  })

export const pageFor = (module: Module): Page => ({
  path: pageOf(module),
  self: module.name,
  anchors: explained(module)
    .map(({ name }) => name)
    .filter((name) => name !== module.primary)
})

/** The text of the page of a module. */
export const modulePage = (module: Module): string => {
  const page = pageFor(module)
  const exports = explained(module)
  const main = exports.find(({ name }) => name === module.primary)
  const further = exports.filter((it) => it !== main)
  const about = docstrings.moduleDocOf(module.file)
  const doc = main?.doc ?? { lead: "", sections: [] }
  const lead = module.folder === "modules" ? about.lead : doc.lead
  const own = main === undefined ? [] : optionsOf(module, main.name)
  return text([
    `# ${module.name}`,
    "",
    madeBy,
    "",
    markup(page, lead),
    "",
    ...(module.folder === "modules" && main !== undefined && main.doc.lead !== lead && main.kind !== "class"
      ? [markup(page, doc.lead), ""]
      : []),
    ...examplesOf(doc),
    ...(showsImport(module, examplesOf(doc)) ? [] : [`Import: \`${importText(module)}\``, ""]),
    ...(main === undefined ? [] : callText(module, main)),
    ...capabilitiesOf(page, module),
    ...requirements(page, module),
    ...section(page, doc, "When to use"),
    ...optionsText(page, own),
    ...section(page, doc, "Details"),
    ...doc.sections.filter(({ title }) => !placed.includes(title)).flatMap(({ title }) => section(page, doc, title)),
    ...methodsText(page, module),
    ...section(page, doc, "Errors"),
    ...metricsText(page, module),
    ...section(page, doc, "Gotchas"),
    ...further.flatMap((it) => furtherText(page, module, it)),
    ...exampleText(page, module),
    ...seeAlso(page, module)
  ])
}

const importText = ({ name, from }: Module): string =>
  from === `effect-kv/${name}` ? `import * as ${name} from "${from}"` : `import { ${name} } from "${from}"`

/** Whether the examples under the title show how the module is imported. */
const showsImport = (module: Module, examples: ReadonlyArray<string>): boolean =>
  examples.some((text) => new RegExp(`import .*\\b${module.name}\\b.* from "${module.from}"`).test(text))

/** One line about a module, for lists. */
export const summaryOf = (module: Module): string => {
  const main = explained(module).find(({ name }) => name === module.primary)
  return firstSentence(module.folder === "modules" ? docstrings.moduleDocOf(module.file).lead : (main?.doc.lead ?? ""))
}
