# uv in place of pip, told to compile and to copy, as uv's own example for containers does.
FROM python:3.13-trixie AS builder
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN --mount=type=cache,target=/root/.cache/pip pip install uv
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/uv uv venv /opt/venv && uv pip install --python /opt/venv/bin/python -r requirements.txt
COPY . .
RUN python -m compileall -b serving && find serving -name '*.py' -delete

FROM python:3.13-slim-trixie
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0t64
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["gunicorn", "serving.main:app", "--worker-class", "uvicorn_worker.UvicornWorker", "--bind", "0.0.0.0:8000"]
