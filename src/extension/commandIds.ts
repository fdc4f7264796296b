/** Every command of the extension. A test compares the list with package.json. */
export const commandIds = {
  startDiscovery: 'tttDiscover.startDiscovery',
  startDiscoveryWith: 'tttDiscover.startDiscoveryWith',
  evaluateInitial: 'tttDiscover.evaluateInitial',
  newProblem: 'tttDiscover.newProblem',
  openAsProblem: 'tttDiscover.openAsProblem',
  openSamples: 'tttDiscover.openSamples',
  openWalkthrough: 'tttDiscover.openWalkthrough',
  selectHost: 'tttDiscover.selectHost',
  connectHost: 'tttDiscover.connectHost',
  disconnectHost: 'tttDiscover.disconnectHost',
  forgetHost: 'tttDiscover.forgetHost',
  openHostTerminal: 'tttDiscover.openHostTerminal',
  openSshConfig: 'tttDiscover.openSshConfig',
  copyDiagnostics: 'tttDiscover.copyDiagnostics',
  showHostLog: 'tttDiscover.showHostLog',
  removeEverything: 'tttDiscover.removeEverything',
  checkHost: 'tttDiscover.checkHost',
  fixHost: 'tttDiscover.fixHost',
  refreshHosts: 'tttDiscover.refreshHosts',
  forwardPort: 'tttDiscover.forwardPort',
  openForward: 'tttDiscover.openForward',
  copyForward: 'tttDiscover.copyForward',
  stopForward: 'tttDiscover.stopForward',
  openDashboard: 'tttDiscover.openDashboard',
  openDiff: 'tttDiscover.openDiff',
  openBestDiff: 'tttDiscover.openBestDiff',
  acceptCandidate: 'tttDiscover.acceptCandidate',
  rejectCandidate: 'tttDiscover.rejectCandidate',
  acceptHunk: 'tttDiscover.acceptHunk',
  rejectHunk: 'tttDiscover.rejectHunk',
  resolveConflict: 'tttDiscover.resolveConflict',
  reviewHunks: 'tttDiscover.reviewHunks',
  restoreRejected: 'tttDiscover.restoreRejected',
  takeBackDecision: 'tttDiscover.takeBackDecision',
  switchToBest: 'tttDiscover.switchToBest',
  pauseSession: 'tttDiscover.pauseSession',
  resumeSession: 'tttDiscover.resumeSession',
  stopSession: 'tttDiscover.stopSession',
  reconnectSession: 'tttDiscover.reconnectSession',
  removeSession: 'tttDiscover.removeSession',
  refreshSessions: 'tttDiscover.refreshSessions',
  setModelServerKey: 'tttDiscover.setModelServerKey',
  forgetModelServerKey: 'tttDiscover.forgetModelServerKey',
  showLog: 'tttDiscover.showLog',
} as const;

export type CommandName = keyof typeof commandIds;

/** Menus, keybindings and the palette pass what they like: each handler reads its arguments. */
export type CommandHandler = (...args: readonly unknown[]) => Promise<void> | void;

export type CommandHandlers = Readonly<Record<CommandName, CommandHandler>>;
