import { l10n } from 'vscode';
import { useTranslations } from './translate';

/** From here on texts are in the editor's language. Imported for this effect, before all else. */
useTranslations((text, ...args) =>
  typeof text === 'string' ? l10n.t(text, ...args) : l10n.t({ ...text, args: [...args] }),
);
