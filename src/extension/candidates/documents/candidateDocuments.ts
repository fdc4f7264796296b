import type { Disposable } from 'vscode';
import {
  FileSystemError,
  FileType,
  MarkdownString,
  Uri,
  workspace,
  type Event,
  type FileChangeEvent,
  type FileStat,
  type FileSystemProvider,
} from 'vscode';
import { messageOf } from '../../base/failures';
import { ReadOnlyFiles } from '../../base/readOnlyFiles';
import type { Sessions } from '../../sessions/sessions';
import {
  candidateAddressOf,
  candidatePath,
  candidateScheme,
  type CandidateAddress,
  type CandidateView,
} from './candidateUri';
import { conflictTexts, proposedText, type LiveReview, type ReviewedDocument } from '../review/liveReview';
import { t } from '../../base/translate';

export function candidateUri(address: CandidateAddress): Uri {
  return Uri.from({ scheme: candidateScheme, path: candidatePath(address) });
}

/** The reviews that documents show. */
export interface ReviewSource {
  readonly onDidChangeFile: Event<FileChangeEvent[]>;
  open(place: Pick<CandidateAddress, 'sessionId' | 'candidate'>): Promise<LiveReview | undefined>;
}

/**
 * Read-only documents of candidates. Texts come from the session store, that is from the cache or from the host, so a
 * tab that was restored after a reload finds its text again. A candidate's own text never changes; a review's does, as
 * the user's document does.
 */
class CandidateDocuments extends ReadOnlyFiles implements FileSystemProvider {
  readonly onDidChangeFile: Event<FileChangeEvent[]>;

  constructor(
    private readonly sessions: Sessions,
    private readonly reviews: ReviewSource,
  ) {
    super();
    this.onDidChangeFile = reviews.onDidChangeFile;
  }

  async stat(uri: Uri): Promise<FileStat> {
    const { content, changedAtMs } = await this.read(uri);
    return { type: FileType.File, ctime: 0, mtime: changedAtMs, size: content.length };
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    return (await this.read(uri)).content;
  }

  private async read(uri: Uri): Promise<{ readonly content: Uint8Array; readonly changedAtMs: number }> {
    const address = candidateAddressOf(uri);
    if (address === undefined) throw FileSystemError.FileNotFound(uri);
    try {
      const isOwnText = address.view === 'text' || address.view === 'lineage';
      const review = isOwnText ? undefined : await this.reviews.open(address);
      if (review === undefined) {
        const text = await this.sessions.readCandidate(address.sessionId, address.candidate);
        return { content: Buffer.from(text, 'utf8'), changedAtMs: 0 };
      }
      const reviewed = review.latest ?? (await review.now());
      const text = shownText(address.view, review, reviewed);
      return { content: Buffer.from(text, 'utf8'), changedAtMs: review.changedAtMs };
    } catch (error) {
      throw FileSystemError.Unavailable(messageOf(error));
    }
  }
}

/** After a reload the texts of a merge editor are not known any more: then they are as the review is now. */
function shownText(view: CandidateView, { frozen }: LiveReview, reviewed: ReviewedDocument): string {
  return view === 'base' || view === 'yours' || view === 'theirs'
    ? (frozen ?? conflictTexts(reviewed))[view]
    : proposedText(reviewed);
}

export function registerCandidateDocuments(sessions: Sessions, reviews: ReviewSource): Disposable {
  return workspace.registerFileSystemProvider(candidateScheme, new CandidateDocuments(sessions, reviews), {
    isCaseSensitive: true,
    isReadonly: new MarkdownString(
      t(
        'A candidate is read-only. **Accept** copies a change, or all of them, into your own file, as one edit that you can undo.',
      ),
    ),
  });
}
