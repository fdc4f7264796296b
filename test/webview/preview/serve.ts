import { startPreview } from './previewServer';
import { comparisonOf, exampleViews, messagesOf, recordedView } from './recorded';

/** Serves the page with a recorded session of so many steps of 512 candidates; returns its address. */
export async function serve(port: number, steps: number): Promise<string> {
  const recorded = messagesOf(recordedView({ steps }), {
    accepted: () => new Set([300]),
    comparison: () => comparisonOf(['A']),
    bestView: () => ({ type: 'bestView', candidate: 300, view: exampleViews['step-function'] }),
  });
  const { url } = await startPreview(recorded, port);
  return url;
}
