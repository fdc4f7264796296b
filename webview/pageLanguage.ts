import * as z from 'zod';
import { usePageLanguage } from './words/texts';

// Imported for its effect before all that speaks: texts are said while files are loaded, too.
const written = document.getElementById('texts')?.textContent ?? '{}';
const texts = z.record(z.string(), z.string()).parse(JSON.parse(written));
usePageLanguage({ language: document.documentElement.lang, texts });
