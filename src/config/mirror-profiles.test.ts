import { describe, expect, test } from 'vitest';
import { mirrorProfiles } from './mirror-profiles.data.ts';
import { findMirrorProfile } from './mirror-profiles.ts';

describe('mirrors by name', () => {
  test.each(['aliyun', 'tuna', 'ustc', 'tencent', 'huawei'])(
    '%s gives Debian, its security fixes and Python',
    (name) => {
      const profile = findMirrorProfile(name);
      expect(profile.name).toBe(name);
      for (const address of [profile.debian, profile.debianSecurity, profile.pythonIndex]) {
        expect(new URL(address)).toMatchObject({ protocol: 'https:', username: '', search: '', hash: '' });
      }
      expect(profile.debianSecurity).toBe(`${profile.debian}-security`);
      expect(profile.pythonIndex).toMatch(/\/simple\/$/);
    },
  );

  test('every one is known by a name of its own', () => {
    expect(new Set(mirrorProfiles.map((profile) => profile.name)).size).toBe(mirrorProfiles.length);
  });

  test.each([
    ['aliyum', 'aliyun'],
    ['TUNA', 'tuna'],
    ['tencnet', 'tencent'],
  ])('`%s` is an error that names `%s`', (wrong, right) => {
    expect(() => findMirrorProfile(wrong)).toThrow(
      expect.objectContaining({ code: 'MIRROR_UNKNOWN', hint: expect.stringContaining(`--mirror ${right}`) }),
    );
  });

  test('what is near to none is told all names', () => {
    expect(() => findMirrorProfile('https://m.example/debian/and/more')).toThrow(
      expect.objectContaining({ code: 'MIRROR_UNKNOWN', expected: 'aliyun, tuna, ustc, tencent, huawei' }),
    );
  });
});
