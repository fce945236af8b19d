/** The page that compares effect-kv with other libraries, made from cells with sources and from measured results. */

import { type Cell, type Column, groups, type LibraryName, libraries } from "./comparison/cells.ts"
import { choices, missing } from "./comparison/choices.ts"
import { type Measured, measured, type Results } from "./comparison/measured.ts"
import { type SourceId, sources } from "./comparison/sources.ts"

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

/** Numbers the sources in the order in which they are used. */
const numbering = () => {
  const numbers = new Map<SourceId, number>()
  const numberOf = (id: SourceId): number => {
    if (!numbers.has(id)) numbers.set(id, numbers.size + 1)
    return numbers.get(id)!
  }
  return {
    link: (id: SourceId) => `[\\[${numberOf(id)}\\]][${numberOf(id)}]`,
    list: () => [...numbers].map(([id, number]) => `${number}. [${sources[id].label}](${sources[id].href})`).join("\n"),
    targets: () => [...numbers].map(([id, number]) => `[${number}]: ${sources[id].href}`).join("\n")
  }
}

const names = Object.keys(libraries) as ReadonlyArray<LibraryName>

const groupTable = (columns: ReadonlyArray<Column>, link: (id: SourceId) => string): string =>
  table(
    ["", ...columns.map(({ title }) => title)],
    names.map((name) => [
      name,
      ...columns.map(({ cells }) => {
        const [text, ...from]: Cell = cells[name]
        return `${text} ${from.map(link).join(" ")}`
      })
    ])
  )

const measuredTable = ({ tables }: Measured, results: Results): string => {
  const subjects = [...new Set(tables.flatMap(({ experiment }) => Object.keys(results.results[experiment] ?? {})))]
  return table(
    ["", ...tables.flatMap(({ columns }) => Object.values(columns))],
    subjects.map((subject) => [
      subject,
      ...tables.flatMap(({ experiment, columns }) =>
        Object.keys(columns).map((what) => results.results[experiment]?.[subject]?.[what] ?? "–")
      )
    ])
  )
}

const measuredPart = (it: Measured, results: Results): string =>
  [
    `### ${it.title}`,
    `${it.about} ([program](../tools/evidence/peers/${it.program}))`,
    measuredTable(it, results),
    ...(it.note === undefined ? [] : [it.note])
  ].join("\n\n")

export const page = (results: Results): string => {
  const { link, list, targets } = numbering()
  const tables = groups.map(({ title, columns }) => `### ${title}\n\n${groupTable(columns, link)}`)
  return `# Comparison with other libraries

<!-- made by \`npm run evidence\` -->

Every library lists its features, but few say what happens when Redis is down. This page compares effect-kv with eight others: each cell
has its source, and programs measured what the libraries do when something fails.

- [What each library does](#what-each-library-does)
- [What happens when](#what-happens-when): programs that ran the libraries for Node
- [What effect-kv does not have](#what-effect-kv-does-not-have)
- [Which one to choose](#which-one-to-choose)

## How to read it

The comparison is of ${results.date}, with these versions: ${names.map((name) => `${name} ${libraries[name]}`).join(", ")}.

- A number in brackets leads to the source of a cell: a file of that version, or the newest commit that we could read.
- “no” means that the source was read and searched, and has nothing of that kind. Packages by others may add it.
- Cells about effect-kv lead to pages that tests check.
- “Effect” stands for its modules \`KeyValueStore\`, \`Persistence\` and \`PersistedCache\`, without effect-kv.
- keyv 6.1 has no Redis adapter of its own version on npm yet. The programs use \`@keyv/redis\` ${results.versions["@keyv/redis"]}, whose peer dependency is keyv ^5.6.0, with keyv 6. cache-manager and cacheable use keyv 5.
- py-key-value and FusionCache were read, not run, and not in their newest versions.
- “Authors” are the different addresses in the commits.
- Downloads are left out, because the package registries that we can reach do not tell them.

If a cell is wrong or has become wrong, please open an issue.

## What each library does

${tables.join("\n\n")}

## What happens when

These tables are results of programs, with Node ${results.node.slice(1)}, Redis ${results.redis}, ioredis ${results.versions.ioredis} for unstorage and bentocache, and default settings
unless the row says otherwise. bentocache and cacheable have Redis as their only level, and the copy in memory of Effect's
\`PersistedCache\` is off, except in rows with “memory in front”, and where two nodes or the memory store are tested. \`node docs/tools/evidence/peers/main.ts\` runs them again.

${measured.map((it) => measuredPart(it, results)).join("\n\n")}

The [benchmarks](benchmarks.md) compare the CPU time of the same libraries, also where others are faster.

## What effect-kv does not have

${missing.map((it) => `- ${it}`).join("\n")}

## Which one to choose

${choices.map(([title, text]) => `**${title}.** ${text}`).join("\n\n")}

How to move data and code to effect-kv: from [keyv](../coming-from/keyv.md), [cache-manager](../coming-from/cache-manager.md),
[unstorage](../coming-from/unstorage.md), [bentocache](../coming-from/bentocache.md),
[KeyValueStore](../coming-from/effect-key-value-store.md), [PersistedCache](../coming-from/effect-persisted-cache.md) and
[py-key-value](../coming-from/py-key-value.md).

## Sources

${list()}

${targets()}
`
}
