# The same with a virtual environment, which is copied as a whole.
FROM python:3.13-trixie AS builder
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip . /opt/venv/bin/activate && pip install -r requirements.txt
COPY . .
RUN python -m compileall -b serving && find serving -name '*.py' -delete

FROM python:3.13-slim-trixie
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0t64
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
ENV PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["/bin/sh", "-c", ". /opt/venv/bin/activate && exec gunicorn serving.main:app --worker-class uvicorn_worker.UvicornWorker --bind 0.0.0.0:8000"]
