FROM python:3.13-slim-trixie
RUN --mount=type=secret,id=ca,target=/ca.pem PIP_CERT=/ca.pem pip install -q --root-user-action=ignore uv==0.11.32
RUN uv venv -q /v && VIRTUAL_ENV=/v uv pip install --index-url https://localhost:8443/simple idna==3.10
