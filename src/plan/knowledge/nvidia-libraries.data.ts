/** Distributions that look for NVIDIA's libraries by name alone, so that the loader has to be told of the folders. */
export const libraryPathNeeds: ReadonlyMap<string, string> = new Map([
  [
    'onnxruntime-gpu',
    '`libonnxruntime_providers_cuda.so` links `libcublas.so` and `libcudart.so` and has neither RPATH nor RUNPATH (1.31.1)',
  ],
  [
    'ctranslate2',
    '`libctranslate2` opens `libcublas.so.12` by name, and its RPATH is `$ORIGIN` (4.8.5); torch and tensorflow name the folders themselves',
  ],
]);
