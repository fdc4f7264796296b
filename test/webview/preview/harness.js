// Stands in for the editor around the page. `themes` and `recorded` are put in front of this text by the server.
/* global window, document, location, sessionStorage, URLSearchParams, MessageEvent, themes, recorded */
{
  const choice = new URLSearchParams(location.search);
  const harness = {
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
      if (choice.has('play') && message.type === 'ready') harness.deliver(recorded);
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
