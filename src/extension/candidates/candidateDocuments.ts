import {
  Disposable,
  EventEmitter,
  FileSystemError,
  FileType,
  MarkdownString,
  Uri,
  workspace,
  type FileChangeEvent,
  type FileStat,
  type FileSystemProvider,
} from 'vscode';
import { messageOf } from '../base/failures';
import type { Sessions } from '../sessions/sessions';
import { candidatePath, candidateScheme, parseCandidatePath, type CandidateAddress } from './candidateUri';

export function candidateUri(address: CandidateAddress): Uri {
  return Uri.from({ scheme: candidateScheme, path: candidatePath(address) });
}

/** The candidate that a URI shows; `undefined` for a URI of another scheme. */
export function candidateAddressOf(uri: Uri): CandidateAddress | undefined {
  return uri.scheme === candidateScheme ? parseCandidatePath(uri.path) : undefined;
}

/**
 * Read-only documents of candidates. Texts come from the session store, that is from the cache or from the host, so a
 * tab that was restored after a reload finds its text again. Candidates never change, so there are no change events.
 */
class CandidateDocuments implements FileSystemProvider {
  private readonly changes = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.changes.event;

  constructor(private readonly sessions: Sessions) {}

  watch(): Disposable {
    return new Disposable(() => undefined);
  }

  async stat(uri: Uri): Promise<FileStat> {
    const content = await this.readFile(uri);
    return { type: FileType.File, ctime: 0, mtime: 0, size: content.length };
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    const address = candidateAddressOf(uri);
    if (address === undefined) throw FileSystemError.FileNotFound(uri);
    try {
      return Buffer.from(await this.sessions.readCandidate(address.sessionId, address.candidate), 'utf8');
    } catch (error) {
      throw FileSystemError.Unavailable(messageOf(error));
    }
  }

  readDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  createDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  writeFile(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  delete(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  rename(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
}

export function registerCandidateDocuments(sessions: Sessions): Disposable {
  return workspace.registerFileSystemProvider(candidateScheme, new CandidateDocuments(sessions), {
    isCaseSensitive: true,
    isReadonly: new MarkdownString(
      'A candidate is read-only. **Accept Candidate** copies it into your own file, as one edit that you can undo.',
    ),
  });
}
