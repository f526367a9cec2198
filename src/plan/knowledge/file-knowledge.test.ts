import { describe, expect, test } from 'vitest';
import { isHostLibrary } from './host-libraries.ts';
import { lighterAdvice, renderLighterAdvice } from './lighter.ts';
import { nvidiaLibraryFolders, whyLibraryPath } from './nvidia-libraries.ts';
import { isOptionalFile } from './optional-files.ts';
import { packageOfProgram } from './program-packages.ts';

describe('optional files of wheels', () => {
  /** Paths as the wheels have them. */
  test.each([
    ['numba', 'numba/np/ufunc/tbbpool.cpython-312-x86_64-linux-gnu.so'],
    ['numba', 'numba/np/ufunc/omppool.cpython-312-x86_64-linux-gnu.so'],
    ['mysql-connector-python', 'mysql/vendor/plugin/authentication_webauthn_client.so'],
    ['onnxruntime-gpu', 'onnxruntime/capi/libonnxruntime_providers_tensorrt.so'],
    ['onnxruntime_gpu', 'onnxruntime/capi/libonnxruntime_providers_cuda.so'],
    ['nvidia-cufile-cu12', 'nvidia/cufile/lib/libcufile_rdma.so.1'],
    ['nvidia-nvshmem-cu12', 'nvidia/nvshmem/lib/nvshmem_transport_ucx.so.7'],
    ['nvidia-nvshmem-cu13', 'nvidia/nvshmem/lib/nvshmem_bootstrap_mpi.so.3'],
    ['torch', 'torch/lib/libtorch_cuda_linalg.so'],
    ['torchaudio', 'torio/lib/_torio_ffmpeg4.so'],
    ['torchcodec', 'torchcodec/libtorchcodec_core9.so'],
    ['torchcodec', 'torchcodec/libtorchcodec_heic.so'],
    ['open3d', 'open3d/cuda/pybind.cpython-312-x86_64-linux-gnu.so'],
    ['open3d', 'open3d/cpu/open3d_torch_ops.so'],
    ['tbb', 'tbb-2023.2.0.data/data/lib/libtbbbind_2_5.so.3'],
    ['PyQt6-Qt6', 'PyQt6/Qt6/plugins/sqldrivers/libqsqloci.so'],
    ['PySide6_Essentials', 'PySide6/Qt/qml/QtQuick/libqtquick2plugin.so'],
    ['opencv-python', 'cv2/qt/plugins/platforms/libqxcb.so'],
  ])('%s %s', (distribution, path) => {
    expect(isOptionalFile(distribution, path)).toBe(true);
  });

  test.each([
    ['numba', 'numba/np/ufunc/workqueue.cpython-312-x86_64-linux-gnu.so'],
    ['mysql-connector-python', '_mysql_connector.cpython-312-x86_64-linux-gnu.so'],
    ['onnxruntime', 'onnxruntime/capi/onnxruntime_pybind11_state.cpython-312-x86_64-linux-gnu.so'],
    ['onnxruntime', 'onnxruntime/capi/libonnxruntime_providers_shared.so'],
    ['torch', 'torch/lib/libtorch_cuda.so'],
    ['torch', 'torch/lib/libtorch_nvshmem.so'],
    ['torchcodec', 'torchcodec/libtorchcodec_image.so'],
    ['open3d', 'open3d/cpu/pybind.cpython-312-x86_64-linux-gnu.so'],
    ['opencv-python', 'cv2/cv2.abi3.so'],
    ['PyQt6-Qt6', 'PyQt6/Qt6/lib/libQt6Core.so.6'],
    ['numpy', 'numba/np/ufunc/tbbpool.cpython-312-x86_64-linux-gnu.so'],
  ])('not %s %s', (distribution, path) => {
    expect(isOptionalFile(distribution, path)).toBe(false);
  });
});

describe('libraries of the host', () => {
  test.each([
    'libcuda.so.1',
    'libcuda.so',
    'libnvidia-ml.so.1',
    'libnvcuvid.so.1',
    'libnvidia-encode.so.1',
    'libGLX_nvidia.so.0',
    'libEGL_nvidia.so.0',
    'libdxcore.so',
    'libcudla.so.1',
  ])('%s', (soname) => {
    expect(isHostLibrary(soname)).toBe(true);
  });

  test.each([
    'libcudart.so.12',
    'libcudnn.so.9',
    'libcublas.so.12',
    'libnvrtc.so.12',
    'libnvJitLink.so.12',
    'libnvinfer.so.10',
    'libGL.so.1',
    'libEGL.so.1',
    'libamdhip64.so.6',
    'libcuda',
    'libcufile.so.0',
    '',
  ])('not %s', (soname) => {
    expect(isHostLibrary(soname)).toBe(false);
  });
});

describe("folders of NVIDIA's wheels", () => {
  test('each that has libraries, once, sorted, below whatever the paths are', () => {
    expect(
      nvidiaLibraryFolders([
        'nvidia/cudnn/lib/libcudnn.so.9',
        'nvidia/cudnn/lib/libcudnn_ops.so.9',
        'nvidia/cu13/lib/libcublas.so.13',
        'nvidia/cublas/include/cublas.h',
        'nvidia/cudnn/lib/__init__.py',
        'other/nvidia.py',
        'opt/venv/lib/python3.12/site-packages/nvidia/nccl/lib/libnccl.so.2',
      ]),
    ).toEqual(['nvidia/cu13/lib', 'nvidia/cudnn/lib', 'opt/venv/lib/python3.12/site-packages/nvidia/nccl/lib']);
    expect(nvidiaLibraryFolders([])).toEqual([]);
  });

  test('who needs the loader to know them', () => {
    expect(whyLibraryPath('onnxruntime_gpu')).toMatch(/RPATH/);
    expect(whyLibraryPath('torch')).toBeUndefined();
    expect(whyLibraryPath('onnxruntime')).toBeUndefined();
  });
});

describe('lighter choices', () => {
  test('are advised with what they save, and who stands in the way', () => {
    const [advice] = lighterAdvice([{ name: 'OpenCV_Python', requiredBy: ['ultralytics'] }]);
    expect(advice).toMatchObject({ instead: 'opencv-python-headless', requiredBy: ['ultralytics'] });
    if (advice === undefined) throw new Error('no advice');
    expect(renderLighterAdvice(advice, '52 MB')).toBe(
      '`opencv-python-headless` does what `opencv-python` does, without windows (`cv2.imshow`) and the libraries of X11 and Qt that these need, and saves 52 MB',
    );
  });

  test('are not advised where they are chosen, or there is none', () => {
    const both = ['opencv-python', 'opencv-python-headless', 'numpy'].map((name) => ({ name, requiredBy: [] }));
    expect(lighterAdvice(both)).toEqual([]);
  });
});

test('commands whose file no index lists have a package', () => {
  expect(packageOfProgram('java')).toBe('default-jre-headless');
  expect(packageOfProgram('ffmpeg')).toBeUndefined();
});
