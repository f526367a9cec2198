/** Which variable leads a distribution's caches and settings elsewhere; looked up in the wheels of 2026. */
export const writableVariables: readonly {
  readonly name: string;
  /** Below `/tmp`; made by the distribution itself. */
  readonly folder: string;
  /** Normalised names; any of them will do. */
  readonly distributions: readonly string[];
  /** File and function that read it. */
  readonly evidence: string;
}[] = [
  {
    name: 'XDG_CACHE_HOME',
    folder: '/tmp/.cache',
    distributions: ['appdirs', 'huggingface-hub', 'matplotlib', 'numba', 'platformdirs', 'pooch', 'torch'],
    evidence: 'appdirs.py:user_cache_dir; torch/hub.py:_get_torch_home; huggingface_hub/constants.py:HF_HOME',
  },
  {
    name: 'MPLCONFIGDIR',
    folder: '/tmp/matplotlib',
    distributions: ['matplotlib'],
    evidence: 'matplotlib/__init__.py:_get_config_or_cache_dir',
  },
  {
    name: 'HF_HOME',
    folder: '/tmp/huggingface',
    distributions: ['huggingface-hub'],
    evidence: 'huggingface_hub/constants.py:HF_HOME',
  },
  {
    name: 'YOLO_CONFIG_DIR',
    folder: '/tmp/ultralytics',
    distributions: ['ultralytics'],
    evidence: 'ultralytics/utils/__init__.py:get_user_config_dir',
  },
  {
    name: 'NUMBA_CACHE_DIR',
    folder: '/tmp/numba',
    distributions: ['numba'],
    evidence: 'numba/core/caching.py:UserProvidedCacheLocator',
  },
];

/** Where TLS clients look for the certificates that they trust. */
export const bundleVariables: readonly {
  readonly name: string;
  /** Absent: set in every image with certificates of its own. */
  readonly distributions?: readonly string[];
  readonly evidence: string;
}[] = [
  {
    name: 'SSL_CERT_FILE',
    evidence: 'OpenSSL, SSL_CTX_load_verify_locations(3): `ssl`, urllib, aiohttp, httpx, curl_cffi',
  },
  { name: 'REQUESTS_CA_BUNDLE', evidence: 'requests/sessions.py:merge_environment_settings; botocore/endpoint.py' },
  {
    name: 'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
    distributions: ['grpcio'],
    evidence: 'grpc/_cython/cygrpc: the text is in the library',
  },
  { name: 'HTTPLIB2_CA_CERTS', distributions: ['httplib2'], evidence: 'httplib2/certs.py:where' },
];
