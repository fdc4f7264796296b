// Stands in for the editor around the page. `themes` and `recorded` are put in front of this text by the server.
/* global window, document, location, sessionStorage, atob, URLSearchParams, MessageEvent, themes, recorded */
{
  const choice = new URLSearchParams(location.search);
  const arrays = { Int32Array, Uint8Array, Uint32Array, Float64Array };
  /** Typed arrays come as their bytes. */
  const fromWire = (text) =>
    JSON.parse(text, (_, value) =>
      value !== null && typeof value === 'object' && '$array' in value
        ? new arrays[value.$array](
            Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0)).buffer,
          )
        : value,
    );
  const recording = fromWire(recorded);
  const harness = {
    fromWire,
    recording,
    /** What the page has sent. */
    sent: [],
    /** What the content security policy has stopped. */
    violations: [],
    deliver(message) {
      window.dispatchEvent(new MessageEvent('message', { data: message }));
    },
    /** As the editor does it: variables on the root, classes and the id on the body. */
    setTheme(name) {
      const { bodyClass, variables } = themes[name];
      document.documentElement.removeAttribute('style');
      for (const [key, value] of Object.entries(variables))
        document.documentElement.style.setProperty(key, value);
      document.body.className = bodyClass;
      document.body.dataset.vscodeThemeId = name;
    },
  };
  window.harness = harness;
  window.acquireVsCodeApi = () => ({
    postMessage(message) {
      harness.sent.push(message);
      if (choice.has('play') && message.type === 'ready') recording.forEach(harness.deliver);
    },
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
  });
  document.addEventListener('securitypolicyviolation', (event) => {
    harness.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ''}`);
  });
  document.addEventListener('readystatechange', () => {
    if (document.readyState === 'interactive') harness.setTheme(choice.get('theme') ?? 'dark');
  });
}
