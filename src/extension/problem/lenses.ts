import { t } from '../base/translate';
/** What a lens shows and does; every command but the one that opens the Problems view gets the document's URI. */
export interface Lens {
  readonly title: string;
  readonly tooltip: string;
  readonly command: string;
  readonly withUri: boolean;
}

/** The lenses above a problem file that has `errorCount` mistakes which keep it from running, in a workspace that may run it or not. */
export function lensesFor(errorCount: number, hostLabel: string, isTrusted: boolean): readonly Lens[] {
  const host: Lens = {
    title: t('host: {0}', hostLabel),
    tooltip: t('Choose the host on which sessions run'),
    command: 'tttDiscover.selectHost',
    withUri: true,
  };
  const preview: Lens = {
    title: t('Preview prompt'),
    tooltip: t('Show what a language model is told, to the letter'),
    command: 'tttDiscover.previewPrompt',
    withUri: true,
  };
  if (errorCount > 0) {
    return [
      {
        title:
          errorCount === 1
            ? t('$(error) 1 problem to mend first')
            : t('$(error) {0} problems to mend first', errorCount),
        tooltip: t('Open the Problems view'),
        command: 'workbench.actions.view.problems',
        withUri: false,
      },
      host,
    ];
  }
  if (!isTrusted) {
    return [
      {
        title: t('$(shield) Trust this folder to run it'),
        tooltip: t('Nothing of a folder is run in Restricted Mode'),
        command: 'workbench.trust.manage',
        withUri: false,
      },
      preview,
      host,
    ];
  }
  return [
    {
      title: t('▶ Start discovery'),
      tooltip: t('Start a session on this problem'),
      command: 'tttDiscover.startDiscovery',
      withUri: true,
    },
    {
      title: t('Evaluate initial program'),
      tooltip: t('Run the evaluator once on the initial program'),
      command: 'tttDiscover.evaluateInitial',
      withUri: true,
    },
    preview,
    host,
  ];
}
