FROM python:3.13-slim-trixie
RUN pip install --no-input --index-url http://127.0.0.1:8401/simple idna==3.10
