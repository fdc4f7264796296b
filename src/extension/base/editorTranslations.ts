import { l10n } from 'vscode';
import { useTranslations } from './translate';

/** From here on texts are in the editor's language. Imported for this effect, before all else. */
useTranslations((message, ...args) => l10n.t(message, ...args));
