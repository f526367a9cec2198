/**
 * Libraries of the NVIDIA driver that the container runtime puts into a container, without version: `utility_libs`, `compute_libs`,
 * `video_libs`, `graphics_libs`, `graphics_libs_glvnd`, `ngx_libs` and `dxcore_libs` of libnvidia-container's `src/nvc_info.c`.
 * Its `graphics_libs_compat` (`libGL.so`, `libEGL.so`) are not among them: images bring those themselves.
 */
export const driverLibraries: ReadonlySet<string> = new Set([
  'libnvidia-ml',
  'libnvidia-cfg',
  'libnvidia-nscq',
  'libcuda',
  'libcudadebugger',
  'libnvidia-opencl',
  'libnvidia-gpucomp',
  'libnvidia-ptxjitcompiler',
  'libnvidia-fatbinaryloader',
  'libnvidia-allocator',
  'libnvidia-compiler',
  'libnvidia-pkcs11',
  'libnvidia-pkcs11-openssl3',
  'libnvidia-nvvm',
  'libnvidia-tileiras',
  'libvdpau_nvidia',
  'libnvidia-encode',
  'libnvidia-opticalflow',
  'libnvcuvid',
  'libnvidia-eglcore',
  'libnvidia-glcore',
  'libnvidia-tls',
  'libnvidia-glsi',
  'libnvidia-fbc',
  'libnvidia-ifr',
  'libnvidia-rtcore',
  'libnvoptix',
  'libGLX_nvidia',
  'libEGL_nvidia',
  'libGLESv2_nvidia',
  'libGLESv1_CM_nvidia',
  'libnvidia-glvkspirv',
  'libnvidia-cbl',
  'libnvidia-ngx',
  'libdxcore',
]);

/**
 * Families of the driver of NVIDIA's boards with an integrated GPU (Tegra), which the runtime mounts from the files that the
 * board's CSV lists name. `libnvidia-` stands for parts of the driver newer than the list above.
 */
export const driverFamilies: readonly string[] = [
  'libnvidia-',
  'libnvrm_',
  'libnvsci',
  'libnvdla_',
  'libnvcudla',
  'libcudla',
  'libnvbuf',
  'libnvmedia',
  'libnvos',
  'libnvcucompat',
];
