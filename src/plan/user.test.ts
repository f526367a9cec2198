import { expect, test } from 'vitest';
import { planUser } from './user.ts';

const accounts =
  'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnode:x:1000:1000::/home/node:/bin/sh\n1001:x:1001:1001::/home/n:/bin/sh\n';

test.each([
  ['65532:65532', { name: 'nonroot', uid: 65532, gid: 65532, home: '/home/nonroot' }],
  ['65532', { name: 'nonroot', uid: 65532, gid: 65532, home: '/home/nonroot' }],
  ['1000', { name: 'user1000', uid: 1000, gid: 1000, home: '/home/user1000' }],
  ['1000:0', { name: 'user1000', uid: 1000, gid: 0, home: '/home/user1000' }],
  ['1000660000', { name: 'user1000660000', uid: 1000660000, gid: 1000660000, home: '/home/user1000660000' }],
  ['root', { name: 'root', uid: 0, gid: 0, home: '/root' }],
  ['0:5', { name: 'root', uid: 0, gid: 5, home: '/root' }],
])('%s has a home of its own', (text, user) => {
  expect(planUser(text)).toMatchObject(user);
});

test.each([
  ['1000', { name: 'node', home: '/home/node' }],
  // `/var/www` belongs to root: nothing could be written below it.
  ['33', { name: 'www-data', home: '/home/www-data' }],
  ['1001', { name: 'user1001', home: '/home/user1001' }],
])('%s is who the base image says', (text, user) => {
  expect(planUser(text, accounts)).toMatchObject(user);
});

test.each(['', 'bob', '-1', '1000:', ':0', '1000:staff', '4294967295', '1:4294967295', '1 ', '１'])(
  '`%s` is refused',
  (text) => {
    expect(() => planUser(text)).toThrow(expect.objectContaining({ code: 'USER_INVALID' }));
  },
);
