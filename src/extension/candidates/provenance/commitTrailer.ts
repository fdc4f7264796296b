import { basename } from 'node:path';
import { commands, Uri, window, workspace } from 'vscode';
import { Refusal } from '../../base/failures';
import { t } from '../../base/translate';
import type { CommandHandlers } from '../../commandIds';
import { userSchemes, type AcceptedText } from './acceptedText';
import { gitRepositoryOf } from './gitRepository';
import { trailerText, withTrailers } from './provenanceWords';

/** Says in the commit message, only when asked to, which candidates the file's lines came from. */
export function commitTrailerCommand(texts: AcceptedText): Pick<CommandHandlers, 'addCommitTrailer'> {
  return {
    async addCommitTrailer(...args) {
      const uri = args[0] instanceof Uri ? args[0] : window.activeTextEditor?.document.uri;
      if (uri === undefined || !userSchemes.includes(uri.scheme)) {
        throw new Refusal(t('Open the file that you accepted a candidate into: this is about its lines.'));
      }
      const name = workspace.asRelativePath(uri);
      const standings = await texts.of(await workspace.openTextDocument(uri));
      const present = standings.filter(({ standing }) => standing.fidelity !== 'undone');
      if (present.length === 0) {
        throw new Refusal(t('{0} holds no lines that were accepted from a candidate.', name));
      }
      const repository = await gitRepositoryOf(uri);
      if (repository === undefined) {
        throw new Refusal(
          t('{0} is in no git repository that this editor has open, so there is no commit message.', name),
        );
      }
      const { inputBox } = repository;
      inputBox.value = withTrailers(
        inputBox.value,
        present.map(({ record, standing }) => trailerText(record, standing)),
      );
      await commands.executeCommand('workbench.view.scm');
      // The message box may be scrolled out of sight, and the keyboard may be at work elsewhere by now: it is the user who goes there.
      const show = t('Show Commit Message');
      void window
        .showInformationMessage(
          t(
            'The commit message of {0} in the Source Control view says where lines of {1} came from.',
            basename(repository.rootUri.path),
            name,
          ),
          show,
        )
        .then(async (pressed) => {
          if (pressed !== show) return;
          await commands.executeCommand('workbench.view.scm');
          await commands.executeCommand('workbench.scm.action.focusNextInput');
        });
    },
  };
}
