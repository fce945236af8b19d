/** The page of all options, `docs/reference/options.md`. */
import { linkTo, madeBy, type Page, shortOptionsTable, text } from "../markdown.ts"
import { moduleOf, pageOf } from "../modules.ts"
import { chapters, type Section } from "../options.ts"

const page: Page = { path: "reference/options.md", self: undefined, anchors: [] }

const sectionText = ({ title, calls, from, options }: Section): ReadonlyArray<string> => {
  const module = moduleOf(title.split(".", 1)[0]!)
  const link = module === undefined ? "" : ` ([details](${linkTo(page, pageOf(module))}))`
  return [
    `### ${title}`,
    "",
    `${calls.map((call) => `\`${call}\``).join(", ")} from \`${from}\`${link}`,
    "",
    ...(options.length > 0 ? shortOptionsTable(page, options) : ["It takes a layer per collection, and no options."]),
    ""
  ]
}

export const optionsPage = (): string =>
  text([
    "# Options",
    "",
    madeBy,
    "",
    "This page lists every option with its default. The page of each module explains its options in full.",
    "",
    '- Durations are `Duration.Input`: `"5 seconds"`, or a number of milliseconds. Sizes are `ByteSize.Input`: `"1 KiB"`, or a',
    "  number of bytes.",
    "- The layer fails with `StoreSetupError` if an option is not allowed.",
    "- A name with a dot is an option within an option: `budget.ratio` is `{ budget: { ratio } }`.",
    "",
    ...chapters.flatMap(({ title, sections }) => [`## ${title}`, "", ...sections.flatMap(sectionText)])
  ])
