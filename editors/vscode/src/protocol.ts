// The requests that Fathom adds to the Language Server Protocol (docs/protocol.md). Types only.

import type { Location, Position, TextDocumentIdentifier } from 'vscode-languageclient';

export interface Filters {
  /** Gitignore-style globs relative to the workspace root; one that starts with `!` excludes matches. */
  paths?: string[];
  languages?: string[];
  kinds?: string[];
}

interface Options {
  limit?: number;
  filters?: Filters;
}

interface Streamed extends Options {
  /** Requests preliminary results, as `$/progress` with this token. */
  partialResultToken?: string;
}

export interface SearchParams extends Streamed {
  query: string;
}

export interface SimilarParams extends Streamed {
  textDocument: TextDocumentIdentifier;
  position: Position;
}

/** Location and name of a piece of code. Lines are 1-based and inclusive; `location` is the same as an LSP location. */
export interface Place {
  /** Relative to the workspace root, with forward slashes. */
  path: string;
  startLine: number;
  endLine: number;
  /** Empty for code outside functions, and so is `qualifiedName`. */
  name: string;
  qualifiedName: string;
  kind: string;
  language: string;
  /** The declaration up to the body, on one line; may be empty. */
  signature: string;
  location: Location;
}

/** One result. */
export interface Hit extends Place {
  /** In percent: 100 for the best result, less for others. */
  relevance: number;
  snippet: string;
  /** Other locations of the same code, as `path:line`. */
  copies?: string[];
}

/** The answer to a search, best result first. */
export interface SearchResult {
  /** The function that others were compared with; only from `fathom/similar`. */
  compared?: Place;
  results: Hit[];
  /** The index is still being built, so that results may be missing. */
  indexing: boolean;
  /** Why the results of a folder are missing, for the user. */
  message?: string;
  /** Whether all candidates were reranked; if not, a later answer may have a better order. */
  complete: boolean;
}

/** The kind of a copy. */
export type CloneKind = 'exact' | 'renamed' | 'near';

export interface Clone extends Place {
  clone: CloneKind;
  similarity: number;
}

/** Functions that are copies of each other. */
export interface CloneGroup {
  key: string;
  kind: CloneKind;
  similarity: number;
  tokens: number;
  clones: Clone[];
}

export interface DuplicatesResult {
  groups: CloneGroup[];
  indexing: boolean;
  /** Why the groups of a folder are missing, for the user. */
  message?: string;
}

export type Stage = 'parse' | 'embed' | 'deepen';

/** The progress of one stage of an index. */
export interface Coverage {
  stage: Stage;
  done: number;
  total: number;
}

/** One workspace folder. With an `error`, only the first three fields are present. */
export interface FolderStatus {
  rootUri: string;
  state: 'starting' | 'ready' | 'dead';
  error: string | null;
  /** What is wrong, or why results may be missing, for the user. */
  message?: string;
  progress?: { stage: string; done: number; total: number } | null;
  indexPath?: string;
  indexBytes?: number;
  model?: string;
  files?: number;
  functions?: number;
  coverage?: Coverage[];
  languages?: Record<string, number>;
  skipped?: Record<string, number>;
  skippedFiles?: { path: string; reason: string }[];
  indexing?: boolean;
  deepening?: boolean;
  paused?: string | null;
  pid?: number;
  clients?: number;
}

export interface StatusResult {
  version: string;
  roots: FolderStatus[];
}

/** The notification `fathom/status`. */
export interface Health {
  health: 'ok' | 'warning' | 'error';
  /** Indexing is done. */
  quiescent: boolean;
  message: string | null;
}

/** Each method with its parameters and its result. */
export interface Requests {
  'fathom/search': { params: SearchParams; result: SearchResult };
  'fathom/similar': { params: SimilarParams; result: SearchResult };
  'fathom/duplicates': { params: Options; result: DuplicatesResult };
  'fathom/status': { params: Record<string, never>; result: StatusResult };
  'fathom/reindex': { params: Record<string, never>; result: null };
}

/** Requests with preliminary and final results. */
export type StreamedMethod = 'fathom/search' | 'fathom/similar';
