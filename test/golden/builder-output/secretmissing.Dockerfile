FROM python:3.13-slim-trixie
RUN --mount=type=secret,id=pip_conf,required=true true
