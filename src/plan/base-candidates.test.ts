import { describe, expect, test } from 'vitest';
import { debianPythons } from '../debian/core-set.ts';
import { baseCandidates } from './base-candidates.ts';

const candidates = (python: string, named: readonly string[] = [], hasStandalone = false) =>
  baseCandidates({ python, suites: debianPythons, hasStandalone, named });
const labels = (python: string, named: readonly string[] = []) => candidates(python, named).map((one) => one.label);

describe('the bases that are compared', () => {
  test('for a Python of Debian: composed, Docker’s, distroless', () => {
    expect(labels('3.11')).toEqual([
      'Debian bookworm',
      'python:3.11',
      'python:3.11-slim',
      'python:3.11-alpine',
      'gcr.io/distroless/python3-debian12',
    ]);
  });

  test('for another: what Docker has', () => {
    expect(labels('3.12')).toEqual(['python:3.12', 'python:3.12-slim', 'python:3.12-alpine']);
  });

  test('those that somebody names are last, each once, however they are written', () => {
    const named = ['docker://registry.example/base:1', 'registry.example/base:1', 'oci:../base', 'python:3.12-slim'];
    expect(labels('3.12', named).slice(3)).toEqual(['registry.example/base:1', 'oci:../base']);
    expect(candidates('3.12', named).at(-2)).toMatchObject({ place: 'docker://registry.example/base:1' });
  });

  test('an archive of Python, where one is configured', () => {
    expect(candidates('3.12', [], true)[0]).toEqual({ kind: 'standalone', label: 'standalone' });
  });
});
