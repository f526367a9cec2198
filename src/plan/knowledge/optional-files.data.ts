import type { OptionalFiles } from './types.ts';

export const optionalFiles: readonly OptionalFiles[] = [
  {
    distribution: /^numba$/,
    path: /^numba\/np\/ufunc\/(?:tbbpool|omppool)\./,
    evidence:
      'numba/np/ufunc/parallel.py imports them within `try`; they link `libtbb.so.12`, `libgomp.so.1.0.0` (0.68.1)',
  },
  {
    distribution: /^mysql-connector-python$/,
    path: /^mysql\/vendor\/plugin\//,
    evidence:
      'mysql/connector/connection_cext.py names the folder as `plugin_dir`; the client opens the one that an account asks for, of which WebAuthn links `libudev.so.1`, Kerberos `libkeyutils.so.1` (26.10.0)',
  },
  {
    distribution: /^onnxruntime(?:-|$)/,
    path: /^onnxruntime\/capi\/libonnxruntime_providers_(?!shared)\w+\.so/,
    evidence:
      'a provider is opened when a session asks for it, and passed over where that fails; `_cuda`, `_tensorrt` link CUDA, TensorRT (onnxruntime-gpu 1.31.1)',
  },
  {
    distribution: /^nvidia-cufile(?:-cu\d+)?$/,
    path: /(?:^|\/)nvidia\/[^/]+\/lib\/libcufile_rdma\.so/,
    evidence:
      'nothing links it; it links `libibverbs.so.1`, `libmlx5.so.1`, `librdmacm.so.1` (nvidia-cufile-cu12 1.14.1.1)',
  },
  {
    distribution: /^nvidia-nvshmem(?:-cu\d+)?$/,
    path: /(?:^|\/)nvidia\/[^/]+\/lib\/nvshmem_(?:transport|bootstrap)_\w+\.so/,
    evidence:
      'one of each kind is opened; they link MPI, PMIx, UCX, libfabric, `libmlx5.so.1` (nvidia-nvshmem-cu12 3.8.0)',
  },
  {
    distribution: /^torch$/,
    path: /^torch\/lib\/lib(?:caffe2_nvrtc|torch_cuda_linalg)\.so/,
    evidence:
      '`libtorch_cuda.so` opens `libtorch_cuda_linalg.so` by name; nothing links `libcaffe2_nvrtc.so`, which links `libcuda.so.1` (2.15.0)',
  },
  {
    distribution: /^torchaudio$/,
    path: /^(?:torio\/lib\/(?:lib|_)torio_ffmpeg\d|torchaudio\/lib\/(?:lib|_)torchaudio_sox)\w*\.so/,
    evidence: 'torio/_extension/utils.py tries one FFmpeg after the other and goes without (2.6.0)',
  },
  {
    distribution: /^torchcodec$/,
    path: /^torchcodec\/libtorchcodec_(?:core|custom_ops|pybind_ops|decoder)\d*\.so|^torchcodec\/libtorchcodec_heic\.so/,
    evidence: 'torchcodec/_core/ops.py tries one FFmpeg after the other, each in a pair of files (0.17.0)',
  },
  {
    distribution: /^open3d(?:-cpu)?$/,
    path: /^open3d\/(?:(?:cpu|cuda)\/open3d_(?:torch|tf)_ops\.so|cuda\/)/,
    evidence:
      'open3d/__init__.py catches `OSError` for `cuda/`; the operators link PyTorch, for open3d.ml alone (0.19.0)',
  },
  {
    distribution: /^tbb$/,
    path: /(?:^|\/)libtbbbind(?:_\d_\d)?\.so/,
    evidence: '`libtbb.so.12` opens `libtbbbind_2_5.so.3`, `_2_0`, or neither; they link `libhwloc.so.15` (2023.2.0)',
  },
  {
    distribution: /^(?:pyqt[56]-qt[56]|pyqt[56]-\w+-qt[56]|pyqt5|pyqt6)$/,
    path: /^PyQt[56]\/Qt[56]?\/(?:plugins|qml)\//,
    evidence:
      'Qt opens plug-ins by need; most link what few have: GTK, CUPS, database clients (PyQt6-Qt6 6.11.2, PyQt5-Qt5 5.15.19)',
  },
  {
    distribution: /^pyside[26](?:-essentials|-addons)?$/,
    path: /^PySide[26]\/Qt\/(?:plugins|qml)\//,
    evidence: 'Qt opens plug-ins by need; most link what few have (PySide6_Essentials 6.12.0)',
  },
  {
    distribution: /^opencv-(?:contrib-)?python(?:-rolling)?$/,
    path: /^cv2\/qt\/plugins\//,
    evidence:
      'Qt opens `libqxcb.so` when a window is shown, and `libSM.so.6`, `libICE.so.6`, `libXext.so.6` with it (opencv-python 5.0.0.93)',
  },
];
