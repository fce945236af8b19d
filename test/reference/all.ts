/** All pages of the reference that are made from docstrings, by their paths in docs/. */
import { globSync } from "node:fs"
import { modules, pageOf } from "./modules.ts"
import { errorsPage } from "./pages/errors.ts"
import { modulesPage, storesPage, wrappersPage } from "./pages/indexes.ts"
import { metricsPage } from "./pages/metrics.ts"
import { modulePage } from "./pages/module.ts"
import { optionsPage } from "./pages/options.ts"

export const all: ReadonlyMap<string, string> = new Map([
  ...modules.map((module) => [pageOf(module), modulePage(module)] as const),
  ["reference/stores/index.md", storesPage()],
  ["reference/wrappers/index.md", wrappersPage()],
  ["reference/modules/index.md", modulesPage()],
  ["reference/options.md", optionsPage()],
  ["reference/errors.md", errorsPage()],
  ["reference/metrics.md", metricsPage()]
])

/** The pages in the folders of modules. */
export const written = (): ReadonlyArray<string> =>
  globSync("reference/{stores,wrappers,modules}/*.md", { cwd: "docs" })
