FROM python:3.13-slim-trixie
RUN echo one && \
    echo two >&2 && \
    exit 3
