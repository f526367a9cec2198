# Wheels are made in one stage, copied into the next and installed there: the copy stays in its layer.
FROM python:3.13-trixie AS builder
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip wheel --wheel-dir /wheels -r requirements.txt
COPY . .
RUN python -m compileall -b serving && find serving -name '*.py' -delete

FROM python:3.13-slim-trixie
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0t64
WORKDIR /app
COPY --from=builder /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels /wheels/*.whl && rm -rf /wheels
COPY --from=builder /app /app
ENV PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["gunicorn", "serving.main:app", "--worker-class", "uvicorn_worker.UvicornWorker", "--bind", "0.0.0.0:8000"]
