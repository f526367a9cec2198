import type { MirrorProfile } from './mirror-profiles.ts';

/** Public mirrors, as their operators describe them. Addresses without a final `/`, but for indexes that want one. */
export const mirrorProfiles: readonly MirrorProfile[] = [
  {
    name: 'aliyun',
    debian: 'https://mirrors.aliyun.com/debian',
    debianSecurity: 'https://mirrors.aliyun.com/debian-security',
    pythonIndex: 'https://mirrors.aliyun.com/pypi/simple/',
    torchWheels: 'https://mirrors.aliyun.com/pytorch-wheels',
  },
  {
    name: 'tuna',
    debian: 'https://mirrors.tuna.tsinghua.edu.cn/debian',
    debianSecurity: 'https://mirrors.tuna.tsinghua.edu.cn/debian-security',
    pythonIndex: 'https://pypi.tuna.tsinghua.edu.cn/simple/',
  },
  {
    name: 'ustc',
    debian: 'https://mirrors.ustc.edu.cn/debian',
    debianSecurity: 'https://mirrors.ustc.edu.cn/debian-security',
    pythonIndex: 'https://mirrors.ustc.edu.cn/pypi/simple/',
  },
  {
    name: 'tencent',
    debian: 'https://mirrors.cloud.tencent.com/debian',
    debianSecurity: 'https://mirrors.cloud.tencent.com/debian-security',
    pythonIndex: 'https://mirrors.cloud.tencent.com/pypi/simple/',
  },
  {
    name: 'huawei',
    debian: 'https://mirrors.huaweicloud.com/debian',
    debianSecurity: 'https://mirrors.huaweicloud.com/debian-security',
    pythonIndex: 'https://mirrors.huaweicloud.com/repository/pypi/simple/',
  },
];
