// The requests that Fathom adds to the Language Server Protocol. Types only.

import type { Location, Position, TextDocumentIdentifier } from 'vscode-languageclient';

export interface Filters {
  /** Gitignore-style globs relative to the workspace root; one that starts with `!` takes matches out again. */
  paths?: string[];
  languages?: string[];
  kinds?: string[];
}

interface Options {
  limit?: number;
  filters?: Filters;
}

export interface SearchParams extends Options {
  query: string;
}

export interface SimilarParams extends Options {
  textDocument: TextDocumentIdentifier;
  position: Position;
}

/** One result. Lines are 1-based and inclusive; `location.range` says the same in LSP terms. */
export interface Hit {
  /** Relative to the workspace root, with forward slashes. */
  path: string;
  startLine: number;
  endLine: number;
  /** Empty for code outside functions, and so is `qualifiedName`. */
  name: string;
  qualifiedName: string;
  kind: string;
  language: string;
  score: number;
  /** The declaration up to the body, on one line; may be empty. */
  signature: string;
  snippet: string;
  location: Location;
}

/** The answer to a search, best result first. */
export interface SearchResult {
  results: Hit[];
  /** The index is still being built, so that results may be missing. */
  indexing: boolean;
}

/** Each method with its parameters and its result. */
export interface Requests {
  'fathom/search': { params: SearchParams; result: SearchResult };
  'fathom/similar': { params: SimilarParams; result: SearchResult };
}
