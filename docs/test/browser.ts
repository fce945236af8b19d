/** Serves the built site, and opens its pages in Chromium. */
import { createReadStream, existsSync, statSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, normalize } from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { args, chromium as executablePath, problem as noChromium } from "../../test/servers/chromium.ts"
import { describeUnless } from "../../test/servers/process.ts"
import { docs } from "../tools/paths.ts"

const dist = `${docs}.vitepress/dist`

const problem = noChromium ?? (existsSync(dist) ? undefined : "the site is not built (npm run docs:build)")

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2"
}

/** The file for an address, as a server with clean URLs finds it. */
const fileOf = (path: string): string | undefined =>
  [path, `${path}.html`, join(path, "index.html")]
    .map((file) => join(dist, normalize(file)))
    .find((file) => file.startsWith(dist) && existsSync(file) && statSync(file).isFile())

const serve = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const file = fileOf(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname))
      if (file === undefined) {
        response.writeHead(404).end()
        return
      }
      response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" })
      createReadStream(file).pipe(response)
    })
    server.listen(0, "127.0.0.1", () => resolve(server))
  })

export interface Site {
  /** Opens a page of the site. The test fails if the page logs an error. */
  readonly open: (path: string, options?: BrowserContextOptions) => Promise<Page>
  /** Errors that the opened pages have logged. */
  readonly errors: ReadonlyArray<string>
}

/** A `describe` whose tests open pages of the built site. Without Chromium or the site, they are skipped. */
export const describeInBrowser = (name: string, body: (site: Site) => void): void =>
  describeUnless(problem, name, () => {
    let server: Server
    let browser: Browser
    const errors: Array<string> = []
    beforeAll(async () => {
      server = await serve()
      browser = await chromium.launch({ executablePath, args: [...args] })
    })
    afterAll(async () => {
      await browser?.close()
      server?.close()
    })
    const open: Site["open"] = async (path, options) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") errors.push(`${path}: ${message.text()}`)
      })
      page.on("pageerror", (error) => errors.push(`${path}: ${error.stack ?? error.message}`))
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
      return page
    }
    body({ open, errors })
  })
