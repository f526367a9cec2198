/** What is asked for, unpinned, one project each. */
export const wheels = `
  numpy scipy pandas pillow opencv-python opencv-python-headless onnxruntime lxml psycopg psycopg[binary] psycopg2-binary cryptography
  grpcio pyarrow shapely soundfile matplotlib scikit-learn lightgbm xgboost PyQt6 pycurl mysql-connector-python h5py netCDF4 pymupdf av
  python-magic uvloop pydantic-core orjson tokenizers numba llvmlite rasterio fiona pyodbc pyzmq polars duckdb weasyprint cairocffi
  pyvips gevent aiohttp sentencepiece faiss-cpu pyzbar vtk PySide6-Essentials confluent-kafka xmlsec imageio-ffmpeg
  paddlepaddle tensorflow-cpu
`
  .split(/\s+/)
  .filter((name) => name !== '');

/** What the table leaves out or has in place of something, and why. */
export const notes = [
  '`mysqlclient` has no wheel for Linux; `mysql-connector-python` is the nearest one with native code.',
  '`pyvips` by itself opens the libvips of Debian; beside `pyvips-binary`, which holds its own, it needs nothing.',
  '`no wheel`: the index has none for that architecture, and nothing is built from source.',
  '`torch` is not in the table: its wheels for the accelerator are gigabytes.',
];

/** The suites with the Python that each has. */
export const suites = [
  { suite: 'bookworm', python: '3.11' },
  { suite: 'trixie', python: '3.13' },
];

export const architectures = ['amd64', 'arm64'];
