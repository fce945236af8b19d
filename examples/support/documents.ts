import type { Value } from "effect-kv"

export interface Document {
  readonly id: string
  readonly value: Value.Value
  readonly createdAt: number | undefined
  readonly expiresAt: number | undefined
}

/** A stand-in for the client library of a document database. It has no collections and no expiry. */
export class Documents {
  private readonly documents = new Map<string, Document>()

  static async connect(): Promise<Documents> {
    return new Documents()
  }

  async close(): Promise<void> {
    this.documents.clear()
  }

  async find(ids: ReadonlyArray<string>): Promise<ReadonlyArray<Document | undefined>> {
    return ids.map((id) => structuredClone(this.documents.get(id)))
  }

  async save(documents: ReadonlyArray<Document>): Promise<void> {
    for (const document of documents) this.documents.set(document.id, structuredClone(document))
  }

  /** Returns the documents that it removed. */
  async remove(ids: ReadonlyArray<string>): Promise<ReadonlyArray<Document>> {
    return ids.flatMap((id) => {
      const document = this.documents.get(id)
      this.documents.delete(id)
      return document ?? []
    })
  }
}
