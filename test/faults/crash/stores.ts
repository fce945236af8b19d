import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Layer from "effect/Layer"
import * as FileSystem from "../../../src/stores/FileSystem.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"

/** The stores that acknowledge a write only when it is on the disk. */
export const stores = {
  Sqlite: (directory: string) => Sqlite.layer({ filename: `${directory}/entries.db`, synchronous: "full" }),
  FileSystem: (directory: string) =>
    FileSystem.layer({ directory: `${directory}/files`, fsync: true }).pipe(Layer.provide(NodeServices.layer))
}

export type Name = keyof typeof stores
