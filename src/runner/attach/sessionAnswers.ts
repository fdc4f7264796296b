import * as z from 'zod';
import {
  methodNames,
  noteParams,
  pauseParams,
  provideSecretsParams,
  readBlobParams,
  resumeParams,
  stopParams,
  type ReadBlobResult,
} from '../../protocol/attachRpc';
import type { SessionRequest } from '../host/requestSession';
import type { SessionFolder } from '../host/sessionFolder';
import { createBlobStore } from '../journal/blobStore';
import type { Answer } from './answers';
import { readArtifact } from './readArtifact';

/** What people ask of the session: `ask` carries it to the session's process. */
export function answerSessionRequests(answer: Answer, ask: (request: SessionRequest) => Promise<void>): void {
  const asked = async (request: SessionRequest): Promise<Record<string, never>> => {
    await ask(request);
    return {};
  };
  answer(methodNames.pause, pauseParams, ({ afterStep = false }) => asked({ request: 'pause', afterStep }));
  answer(methodNames.resume, resumeParams, ({ secrets }) => asked({ request: 'resume', secrets }));
  answer(methodNames.provideSecrets, provideSecretsParams, ({ secrets }) =>
    asked({ request: 'provide-secrets', secrets }),
  );
  answer(methodNames.stop, stopParams, ({ now }) => asked({ request: 'stop', now }));
  answer(methodNames.note, noteParams, ({ text }) => asked({ request: 'note', text }));
  answer(methodNames.removeNotes, z.unknown(), () => asked({ request: 'remove-notes' }));
}

/** What the session keeps beside its journal, read without asking its process. */
export function answerBlobReads(answer: Answer, folder: SessionFolder): void {
  const reads = (method: string, read: (sha256: string) => Promise<string>): void => {
    answer(method, readBlobParams, async ({ sha256 }): Promise<ReadBlobResult> => {
      return { text: await read(sha256) };
    });
  };
  const candidates = createBlobStore(folder.candidatesPath);
  const states = createBlobStore(folder.statesPath);
  const artifacts = createBlobStore(folder.blobsPath);
  reads(methodNames.readCandidate, (sha256) => candidates.readText(sha256));
  reads(methodNames.readState, (sha256) => states.readText(sha256));
  reads(methodNames.readArtifact, (sha256) => readArtifact(artifacts, sha256));
}
